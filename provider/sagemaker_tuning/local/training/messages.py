"""What the endpoint and its fork server say to each other, over one Unix stream socket.

A message is a length, then that many bytes of pickle; file descriptors travel with the length.
Both ends are one program, and nobody else can reach a socket pair: pickle is safe here.
"""

import pickle
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_LENGTH = struct.Struct("!I")
_MOST_FDS = 2


@dataclass(frozen=True)
class Stop:
    """SIGTERM to the group of the training process ``pid``, SIGKILL after ``grace_seconds``."""

    pid: int
    grace_seconds: float


def send(connection: socket.socket, message: Any, fds: Sequence[int] = ()) -> None:
    """Send ``message`` and copies of ``fds``; OSError when the other end is gone."""
    payload = pickle.dumps(message)
    socket.send_fds(connection, [_LENGTH.pack(len(payload))], fds)
    connection.sendall(payload)


def receive(connection: socket.socket) -> tuple[Any, list[int]] | None:
    """The next message and its file descriptors, None when the other end is gone."""
    header, fds, _, _ = socket.recv_fds(connection, _LENGTH.size, _MOST_FDS)
    if not header:
        return None
    header += _read(connection, _LENGTH.size - len(header))
    payload = _read(connection, _LENGTH.unpack(header)[0])
    return pickle.loads(payload), fds  # noqa: S301 - see the module's docstring


def _read(connection: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size:
        chunk = connection.recv(size - len(read))
        if not chunk:
            raise EOFError(f"the other end closed after {len(read)} of {size} bytes")
        read += chunk
    return read
