"""Debian's PostgreSQL in place of its image, which makes the database when there is none."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWNER = "postgres"
"""The user of Debian's package: PostgreSQL refuses to run as root."""
_SECONDS = 120


class Database:
    """A cluster in a temporary folder of its own.

    Args:
        environment: That of the image: `POSTGRES_USER`, `POSTGRES_PASSWORD`, and a `PATH`.
        port: Where it is to listen.
    """

    def __init__(self, environment: Mapping[str, str], port: int) -> None:
        self._environment = dict(environment)
        self._port = str(port)
        # Not below a folder of the tests, which another user may not enter.
        self._folder = Path(tempfile.mkdtemp(prefix="distributed-postgres-"))
        self._as_owner: list[str] = []
        if os.geteuid() == 0:
            owner = pwd.getpwnam(_OWNER)
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
            self._as_owner = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}"]
            self._as_owner += ["--clear-groups"]

    @property
    def command(self) -> list[str]:
        """The server's, once the cluster is there."""
        options = {
            "port": self._port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self._folder),
        }
        settings = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        return [*self._as_owner, "postgres", "-D", str(self._folder / "data"), *settings]

    def create(self) -> None:
        """Make the cluster, and the user's own database in it."""
        user, password = (self._environment[f"POSTGRES_{key}"] for key in ("USER", "PASSWORD"))
        file = self._folder / "password"
        file.write_text(password, encoding="utf-8")
        self._run(
            *("initdb", f"--pgdata={self._folder / 'data'}", f"--username={user}"),
            *("--auth=scram-sha-256", f"--pwfile={file}", "--encoding=UTF8"),
        )
        single = ("postgres", "--single", "-D", str(self._folder / "data"), "postgres")
        self._run(*single, text=f"CREATE DATABASE {user}")

    def delete(self) -> None:
        """Leave nothing of it."""
        shutil.rmtree(self._folder)

    def _run(self, *command: str, text: str = "") -> None:
        subprocess.run(
            [*self._as_owner, *command],
            env=self._environment,
            cwd="/",
            input=text,
            text=True,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=_SECONDS,
        )
