"""The names under which the endpoint may be called.

A page of another site whose name resolves to this machine would send that name as `Host`.
"""

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True)
class AllowedHosts:
    """Which `Host` headers are taken.

    Args:
        bound: the address that the endpoint listens on.
        remote: whether it may be called from other machines. If so, every address and every
            name without a dot is taken too (a container's, say): public names have dots.
    """

    bound: str
    remote: bool

    def allows(self, header: str) -> bool:
        """Whether a `Host` header, with or without a port, is one of the expected names."""
        name = _without_port(header).lower()
        if name in {"localhost", self.bound} or name.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(name).is_loopback or self.remote
        except ValueError:
            return self.remote and bool(name) and "." not in name


def is_loopback(host: str) -> bool:
    """Whether only this machine can call an endpoint that listens on the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _without_port(header: str) -> str:
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0]
