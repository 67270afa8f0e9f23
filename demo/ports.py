"""Ports of the loopback interface."""

import errno
import socket

from demo.errors import DemoError

HOST = "127.0.0.1"
LARGEST = 65535


def reserve(port: int, variable: str) -> int:
    """`port` if nobody listens on it, any free one for 0.

    Args:
        port: 0 to 65535.
        variable: The environment variable that sets it, for the message.

    Raises:
        DemoError: The port is in use, or may not be used.
    """
    with socket.socket() as probe:
        # A port whose last connections are still fading away is free all the same.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            if error.errno == errno.EADDRINUSE:
                reason = "another program listens on it"
            raise DemoError(
                f"port {port} is not free: {reason};"
                f" choose another with {variable}={(port + 1) % LARGEST}"
            ) from error
        number: int = probe.getsockname()[1]
        return number
