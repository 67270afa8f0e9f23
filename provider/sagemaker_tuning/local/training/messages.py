"""What the endpoint and its fork server say to each other.

Requests go over one Unix stream socket: a length, then that many bytes of pickle; file descriptors
travel with the length. Both ends are one program, and nobody else can reach a socket pair, so
pickle is safe. Answers come over a pipe for each training process, its pid and later its exit code.
"""

import pickle
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sagemaker_tuning.local.training.container import Container
from sagemaker_tuning.local.training.programs import Command, Script

STATUS: Final = struct.Struct("!i")

_LENGTH: Final = struct.Struct("!I")
_MOST_FDS: Final = 2


@dataclass(frozen=True)
class Launch:
    """Start ``program``, the module of a built-in algorithm or a user's, in ``container``.

    Two file descriptors come with it: what the process writes its output to, and the server its
    pid and exit code.
    """

    container: Container
    program: str | Command | Script


@dataclass(frozen=True)
class Stop:
    """SIGTERM to the group of the training process ``pid``, SIGKILL after ``grace_seconds``."""

    pid: int
    grace_seconds: float


def send(connection: socket.socket, message: Launch | Stop, fds: Sequence[int] = ()) -> None:
    """Send ``message`` and copies of ``fds``, at most two.

    Raises:
        OSError: The other end is gone.
    """
    payload = pickle.dumps(message)
    socket.send_fds(connection, [_LENGTH.pack(len(payload))], fds)
    connection.sendall(payload)


def receive(connection: socket.socket) -> tuple[Launch | Stop, list[int]] | None:
    """The next message and its file descriptors, None when the other end is gone."""
    length, fds, _, _ = socket.recv_fds(connection, _LENGTH.size, _MOST_FDS)
    payload = _read(connection, _LENGTH.unpack(length)[0]) if length else None
    if payload is None:
        return None
    return pickle.loads(payload), fds  # noqa: S301 - from this program itself, see above


def _read(connection: socket.socket, size: int) -> bytes | None:
    chunks = []
    while size:
        chunk = connection.recv(size)
        if not chunk:
            return None
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
