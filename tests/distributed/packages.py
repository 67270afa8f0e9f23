"""What these tests need of Debian."""

from __future__ import annotations

import shutil

from tests.distributed.machine import programs_of_postgres


def missing() -> str:
    """Give one line that says what is missing and how to get it; empty if nothing is."""
    wanted = {
        "postgresql": bool(programs_of_postgres()),
        "redis-server": bool(shutil.which("redis-server")),
        "docker-compose": bool(shutil.which("docker-compose")),
        "curl": bool(shutil.which("curl")),
    }
    names = " ".join(name for name, is_there in wanted.items() if not is_there)
    return names and f"make test-distributed: apt-get install --no-install-recommends {names}"
