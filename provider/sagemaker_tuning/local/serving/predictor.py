"""The process behind one production variant: a model in memory, answering one body after another.

It is a process of its own because a damaged model can end the one that reads it. It ends when its
standard input does, so with the endpoint, however that dies; where XGBoost does not come back to
notice, an alarm ends it.
"""

import argparse
import os
import signal
import sys
from contextlib import suppress
from http import HTTPStatus
from typing import Any, BinaryIO

from sagemaker_tuning.local.serving import messages

# XGBoost imports these where they are there, for inputs that it does not get here.
sys.modules["sklearn"] = sys.modules["pandas"] = None  # type: ignore[assignment]

import xgboost  # noqa: E402 -- after the lines above

from sagemaker_tuning.local.serving import bodies  # noqa: E402 -- likewise


def main(*, answers: messages.Form, answer_seconds: int) -> None:
    """Load the model that comes first, say whether that worked, and answer until the end."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(messages.LOAD_SECONDS)
    requests, stream = sys.stdin.buffer, _answers()
    model = messages.read(requests, 1)
    if model is None:
        return
    try:
        booster = _booster(model[0])
    except Exception as error:  # noqa: BLE001 -- whatever a damaged model leads to is the answer
        _answer(stream, HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain", str(error))
        return
    _answer(stream, HTTPStatus.OK, "text/plain", "")
    while (invocation := _next(requests)) is not None:
        signal.alarm(answer_seconds)
        content_type, accept, body = invocation
        try:
            predictions = _predict(booster, bodies.parse(content_type.decode(), body))
            written = bodies.write(accept.decode(), predictions, answers)
            _answer(stream, HTTPStatus.OK, *written)
        except bodies.BodyError as error:
            _answer(stream, error.status, "text/plain", str(error))
        except Exception as error:  # noqa: BLE001 -- the next invocation may be a better one
            _answer(stream, HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain", str(error))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument(messages.ANSWERS, type=messages.Form, default=messages.Form.LINES)
    parser.add_argument(messages.SECONDS, type=int, default=messages.ANSWER_SECONDS)
    return parser.parse_args()


def _next(requests: BinaryIO) -> list[bytes] | None:
    signal.alarm(0)
    return messages.read(requests, 3)


def _answers() -> BinaryIO:
    """Standard output, where nothing else is to write from now on."""
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return stream


def _answer(stream: BinaryIO, status: HTTPStatus, content_type: str, body: str) -> None:
    messages.write(stream, str(int(status)).encode(), content_type.encode(), body.encode())


def _booster(model: bytes) -> xgboost.Booster:
    booster = xgboost.Booster({"nthread": 1})
    try:
        booster.load_model(bytearray(model))
    except UnicodeDecodeError as error:  # XGBoost's message has the bytes that it could not read
        raise ValueError("it is in no format that XGBoost reads") from error
    booster.num_features()
    return booster


def _predict(booster: xgboost.Booster, rows: Any) -> list[Any]:
    """Raises bodies.BodyError for rows that do not have the model's features."""
    matrix = xgboost.DMatrix(bodies.fit(rows, booster.num_features()), nthread=1)
    predictions: list[Any] = booster.predict(matrix, validate_features=False).tolist()
    return predictions


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # the endpoint is gone, and nobody wants the answer
        main(**vars(_options()))
