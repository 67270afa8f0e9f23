"""What the endpoint and a predictor say to each other, over the predictor's standard pipes.

Frames: a length, then that many bytes. To the predictor: the model, then for each invocation its
content type, its accepted type and its body. From it: a status of HTTP's, a content type, a body.
"""

import struct
from typing import IO, Final

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
ANSWER_SECONDS: Final = 60
"""How long a predictor may take to answer, unless it is told otherwise; then it ends."""

LOAD_SECONDS: Final = 120
"""Likewise, until its model is loaded."""

ONE_LINE: Final = "--one-line"
"""The predictor's option to answer CSV in one line."""

SECONDS: Final = "--answer-seconds"
"""Its option to take another time to answer."""

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
