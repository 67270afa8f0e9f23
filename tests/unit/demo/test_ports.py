"""A port is had, or one line says which variable chooses another."""

import socket
from collections.abc import Iterator

import pytest

from demo import ports
from demo.errors import DemoError


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server((ports.HOST, 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_is_told_with_the_way_out(taken: int) -> None:
    """The message has the port, and the variable with a value to try."""
    with pytest.raises(
        DemoError, match=rf"port {taken} is not free: another program.*AIRFLOW_PORT={taken + 1}$"
    ):
        ports.reserve(taken, "AIRFLOW_PORT")


def test_a_port_that_everybody_listens_on_is_taken() -> None:
    """A server on all addresses has it on loopback too."""
    with (
        socket.create_server(("0.0.0.0", 0)) as server,  # noqa: S104 -- what is tested
        pytest.raises(DemoError, match="another program"),
    ):
        ports.reserve(server.getsockname()[1], "AIRFLOW_PORT")


def test_a_free_port_is_had() -> None:
    """0 finds one, and it can be asked for by its number then."""
    port = ports.reserve(0, "AIRFLOW_PORT")
    assert port > 0
    assert ports.reserve(port, "AIRFLOW_PORT") == port
