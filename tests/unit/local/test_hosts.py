"""Which `Host` headers are taken."""

import pytest

from sagemaker_tuning.local.http.hosts import AllowedHosts, is_loopback


@pytest.mark.parametrize(
    ("header", "here", "remote"),
    [
        ("127.0.0.1:8080", True, True),
        ("127.0.0.1", True, True),
        ("[::1]:8080", True, True),
        ("localhost:8080", True, True),
        ("LOCALHOST", True, True),
        ("bucket.localhost:8080", True, True),
        ("192.168.1.7:8080", False, True),
        ("sagemaker:8080", False, True),
        ("example.com", False, False),
        ("127.0.0.1.example.com", False, False),
        ("localhost.example.com:8080", False, False),
        ("", False, False),
        ("[", False, False),
    ],
)
def test_public_names_are_never_taken(header: str, here: bool, remote: bool) -> None:  # noqa: FBT001 -- a table
    """A name that a stranger could let resolve to this machine has a dot."""
    assert AllowedHosts("127.0.0.1", remote=False).allows(header) is here
    assert AllowedHosts("0.0.0.0", remote=True).allows(header) is remote  # noqa: S104 -- nothing listens


def test_loopback_is_this_machine_only() -> None:
    """The addresses that need no --allow-remote."""
    assert all(map(is_loopback, ("127.0.0.1", "127.1.2.3", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "example.com")))  # noqa: S104 -- nothing listens
