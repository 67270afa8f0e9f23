"""A production variant: its model in a process of its own."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import IO, Final, NamedTuple

from sagemaker_tuning.local.serving import messages
from sagemaker_tuning.local.serving.failures import ModelAnsweredError, RetiredError, ServingError

_PREDICTOR: Final = "sagemaker_tuning.local.serving.predictor"


class Answer(NamedTuple):
    """What a model answers."""

    content_type: str
    body: bytes


class Variant:
    """Answers invocations, one at a time; a predictor that was lost is started again.

    Args:
        name: `VariantName`.
        load: gives the model's bytes, or raises ServingError.
        answers: how it writes predictions.
        answer_seconds: how long an answer may take.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[], bytes],
        *,
        answers: messages.Form = messages.Form.LINES,
        answer_seconds: int = messages.ANSWER_SECONDS,
    ) -> None:
        self.name = name
        self._load = load
        self._answer_seconds = answer_seconds
        self._options = (messages.ANSWERS, answers, messages.SECONDS, str(answer_seconds))
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def start(self) -> None:
        """Loads the model, if that is still to be done.

        Raises:
            ServingError: there is no model that can be served.
        """
        with self._lock:
            self._started()

    def invoke(self, content_type: str, accept: str, body: bytes) -> Answer:
        """The model's answer.

        Raises:
            ModelAnsweredError: an error is the answer.
            RetiredError: it answers no more.
            ServingError: the model could not be loaded again.
        """
        with self._lock:
            process = self._started()
            frames = (content_type.encode(), accept.encode(), body)
            try:
                status, kind, answer = _exchange(process, frames, self._answer_seconds)
            except _LostError as error:
                self._end()
                self._require_open()
                raise ModelAnsweredError(
                    HTTPStatus.INTERNAL_SERVER_ERROR, f"The model container {error}."
                ) from error
        if status != HTTPStatus.OK:
            raise ModelAnsweredError(status, answer.decode())
        return Answer(kind, answer)

    def retire(self) -> None:
        """Ends the process when it has given the answer that is under way."""
        with self._lock:
            self._closed = True
            self._end()

    def close(self) -> None:
        """Ends the process, at once."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        with self._lock:
            self._end()

    def _started(self) -> subprocess.Popen[bytes]:
        """The running process; the lock is the caller's."""
        self._require_open()
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        model = self._load()
        self._process = process = _launch(*self._options)
        if self._closed:  # while it had no process that could have been ended
            self._end()
            self._require_open()
        try:
            status, _, answer = _exchange(process, (model,), messages.LOAD_SECONDS)
        except _LostError as error:
            self._end()
            raise ServingError(f"The model cannot be loaded: its process {error}.") from error
        if status != HTTPStatus.OK:
            self._end()
            reason = answer.decode().strip().splitlines()
            raise ServingError(f"The model cannot be loaded: {reason[0] if reason else status}")
        return process

    def _require_open(self) -> None:
        if self._closed:
            raise RetiredError("The variant answers no more.")

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            # Closing the pipes would send what is left of a request that was not read.
            with suppress(BrokenPipeError), process:
                pass


class _LostError(Exception):
    """The predictor ended, or did not answer in time."""


def _launch(*options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", _PREDICTOR, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # A Ctrl-C in the endpoint's terminal is the endpoint's to deal with.
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )


def _exchange(
    process: subprocess.Popen[bytes], frames: tuple[bytes, ...], seconds: float
) -> tuple[int, str, bytes]:
    requests, answers = _pipes(process)
    try:
        messages.write(requests, *frames)
        answer = messages.read(answers, 3)
    except OSError:
        answer = None
    if answer is None:
        if process.wait() == -signal.SIGALRM:
            raise _LostError(f"did not answer within {seconds:g} seconds")
        raise _LostError("ended unexpectedly")
    status, content_type, body = answer
    return int(status), content_type.decode(), body


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise TypeError("the predictor was started without pipes")
    return process.stdin, process.stdout
