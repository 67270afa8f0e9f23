"""The HTTP server: a thread for each connection, which is kept, and one segment per answer."""

import logging
import socket
from collections.abc import Iterable
from typing import IO
from wsgiref.types import WSGIApplication

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.exceptions import BadRequest
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.test import run_wsgi_app
from werkzeug.wsgi import LimitedStream, get_input_stream

from sagemaker_tuning.local.errors import serialization_error
from sagemaker_tuning.local.http.responses import json_error

_log = logging.getLogger(__name__)

# A connection that a client keeps without using it holds a thread.
_IDLE_SECONDS = 60

_WITHOUT_BODY = frozenset({204, 304})

# What is left of a refused request's body is read to keep the connection, unless it is more.
_MOST_LEFT = 2**20
_CHUNK = 2**16


class ConnectionDropped(Exception):
    """The application wants the connection closed without an answer."""


class _Body:
    """A request's body. The next request can be read from the connection once this one is out."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._is_broken = False

    @property
    def is_exhausted(self) -> bool:
        """Whether a body of a length that was announced has been read."""
        return not isinstance(self._stream, LimitedStream) or self._stream.is_exhausted

    def read(self, size: int = -1) -> bytes:
        """As of any stream.

        Raises:
            OSError: the body breaks off, or is not as HTTP has it.
            BadRequest: likewise.
        """
        try:
            return self._stream.read(size)
        except (OSError, BadRequest):
            self._is_broken = True
            raise

    def is_read_out(self) -> bool:
        """Reads what is left, unless it is much; whether nothing is left."""
        left = 0
        while not self._is_broken and left <= _MOST_LEFT:
            try:
                chunk = self.read(_CHUNK)
            except (OSError, BadRequest):
                break
            if not chunk:
                return True
            left += len(chunk)
        return False


class _Handler(MotoRequestHandler):
    """werkzeug's handler closes the connection after each request, and looks 10 ms for leftovers.

    Reading what the application has left of the body leaves none, so that the connection can be
    kept: a client's next call then needs neither a new connection nor a new thread.
    """

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    # Without these two an answer's second segment waits for the client's delayed acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle_expect_100(self) -> bool:
        """The client holds its body back until it has read this."""
        answered = super().handle_expect_100()
        self.wfile.flush()
        return answered

    def run_wsgi(self) -> None:
        """One request."""
        environ = self.make_environ()
        environ["wsgi.input"] = body = _Body(get_input_stream(environ))
        application: WSGIApplication = self.server.app
        length = self.headers.get("Content-Length")
        if length is not None and not (length.isascii() and length.isdigit()):
            application = json_error(
                serialization_error(f"The Content-Length {length!r} is not a number of bytes.")
            )
            length = None
            self.close_connection = True  # there is no telling where the next request begins
        try:
            chunks, status, headers = run_wsgi_app(application, environ, buffered=True)
        except ConnectionDropped:
            self.close_connection = True
            return
        if length is not None and int(length) > _MOST_LEFT and not body.is_exhausted:
            self.close_connection = True
        self._send(status, headers, b"".join(chunks))
        if not self.close_connection:
            self.close_connection = not body.is_read_out()

    def _send(self, status: str, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        names = set()
        for name, value in headers:
            self.send_header(name, value)
            names.add(name.lower())
        if "content-length" not in names and int(code) not in _WITHOUT_BODY:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002, ARG002 -- werkzeug's signature
        """Not shown: every request, and every idle connection closed, would be a line."""
        _log.debug(message, *args)


def serve_on(listening: socket.socket, application: WSGIApplication) -> BaseWSGIServer:
    """A server on a socket that is bound already; `serve_forever` is the caller's to call."""
    host, port = listening.getsockname()[:2]
    return make_server(
        host,
        port,
        application,
        threaded=True,
        request_handler=_Handler,
        fd=listening.fileno(),
    )
