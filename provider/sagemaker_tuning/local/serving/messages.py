"""What the endpoint and a predictor say to each other, over the predictor's standard pipes.

Frames: a length, then that many bytes. To the predictor: the model, then for each invocation its
content type, its accepted type and its body. From it: a status of HTTP's, a content type, a body.
"""

import struct
from enum import StrEnum
from typing import IO, Final

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
ANSWER_SECONDS: Final = 60
"""How long a predictor may take to answer, unless it is told otherwise; then it ends."""

LOAD_SECONDS: Final = 120
"""Likewise, until its model is loaded."""

ANSWERS: Final = "--answers"
"""The predictor's option to answer in another form, one of `Form`."""

SECONDS: Final = "--answer-seconds"
"""Its option to take another time to answer."""


class Form(StrEnum):
    """How the container writes the predictions for several rows.

    https://github.com/aws/sagemaker-xgboost-container
    """

    LINES = "lines"
    """CSV with a line for each row, or JSON."""

    ONE_LINE = "one-line"
    """Likewise, but CSV in one line for all rows, as versions before 1.2-2 have it."""

    BATCH = "batch"
    """A line for each row whatever is accepted, as all versions answer transform jobs. The
    predictions for several classes are written as Python writes a list."""


_LENGTH: Final = struct.Struct("!Q")


def write(stream: IO[bytes], *frames: bytes) -> None:
    """Sends frames.

    Raises:
        OSError: the other end is gone.
    """
    for frame in frames:
        stream.write(_LENGTH.pack(len(frame)))
        stream.write(frame)
    stream.flush()


def read(stream: IO[bytes], count: int) -> list[bytes] | None:
    """The next frames, None when the other end is gone."""
    frames = []
    for _ in range(count):
        header = _exactly(stream, _LENGTH.size)
        frame = None if header is None else _exactly(stream, *_LENGTH.unpack(header))
        if frame is None:
            return None
        frames.append(frame)
    return frames


def _exactly(stream: IO[bytes], size: int) -> bytes | None:
    data = stream.read(size)
    return data if len(data) == size else None
