"""One machine in place of the containers: what of the file is another here, and nothing else."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from demo import ports

if TYPE_CHECKING:
    from tests.distributed.compose import Service

_PORTS = (5432, 6379, 8080, 8765, 8974)
_HOSTS = ("postgres", "redis", "api-server", "endpoint")
_AIRFLOW_HOME = "/opt/airflow"
_POSTGRES = Path("/usr/lib/postgresql")
_MODULES = Path(__file__).with_name("container")
# The base image's entry point runs these two as they are, and all else as Airflow's commands.
_NOT_AIRFLOWS = ("bash", "python")


class Machine:
    """Addresses, folders and programs of this machine.

    Args:
        home: The folder that everything is kept in.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._ports = {port: ports.reserve(0, "") for port in _PORTS}
        self._port = re.compile(r"\b(" + "|".join(map(str, _PORTS)) + r")\b")
        self._host = re.compile(rf"(?<=[@/])({'|'.join(_HOSTS)})(?=:)|\blocalhost\b|\b0\.0\.0\.0\b")

    def port(self, port: int) -> int:
        """Give the port that stands for one of the file."""
        return self._ports[port]

    def url(self, port: int) -> str:
        """Give the address of what serves on a port of the file."""
        return f"http://{ports.HOST}:{self.port(port)}"

    def folder(self, instance: str) -> Path:
        """Give what is `/opt/airflow` for one instance of a service."""
        return self.home / "containers" / instance

    def volume(self, source: str) -> Path:
        """Give the folder of a volume, or the one that is mounted."""
        return Path(source) if source.startswith("/") else self.home / source

    def prepare(self, service: Service, instance: str) -> None:
        """Make its folders, and mount its volumes."""
        folder = self.folder(instance)
        folder.mkdir(parents=True, exist_ok=True)
        for target, source in service.volumes.items():
            here = self.volume(source)
            here.mkdir(parents=True, exist_ok=True)
            mounted = folder / Path(target).name
            if target.startswith(_AIRFLOW_HOME) and not mounted.is_symlink():
                mounted.symlink_to(here)

    def translate(self, text: str, service: Service, instance: str) -> str:
        """Put this machine's ports, addresses and folders in place of those of a container."""
        for target, source in service.volumes.items():
            if not target.startswith(_AIRFLOW_HOME):
                text = text.replace(target, str(self.volume(source)))
        text = text.replace(_AIRFLOW_HOME, str(self.folder(instance)))
        text = self._port.sub(lambda found: str(self._ports[int(found[0])]), text)
        return self._host.sub(ports.HOST, text)

    def command(self, service: Service, instance: str) -> list[str]:
        """Give the command of a service, as the image's entry point would run it."""
        entry = service.entrypoint
        if _is_airflow(service) and service.command[0] not in _NOT_AIRFLOWS:
            entry = ["airflow"]
        words = [self.translate(word, service, instance) for word in entry + service.command]
        # Celery takes the machine's name, where each container has one of its own.
        return words + (["--celery-hostname", f"celery@{instance}"] * (service.name == "worker"))

    def environment(self, service: Service, instance: str) -> dict[str, str]:
        """Give the whole environment of an instance."""
        folders = [Path(sys.executable).parent]
        if service.name == "endpoint":
            folders = [Path(os.environ.get("ENDPOINT_PYTHON", sys.executable)).absolute().parent]
        folders += [*programs_of_postgres(), Path("/usr/bin"), Path("/bin")]
        own = {
            "HOME": str(self.folder(instance)),
            "HOSTNAME": instance,
            "LANG": "C.UTF-8",
            "PATH": ":".join(map(str, folders)),
            # A proxy of the environment has no way to this machine's loopback interface.
            "NO_PROXY": ports.HOST,
        }
        if _is_airflow(service):
            own |= {
                "AIRFLOW_HOME": str(self.folder(instance)),
                "AIRFLOW__API__HOST": ports.HOST,
                "AIRFLOW__CORE__HOSTNAME_CALLABLE": "container_name.hostname",
                "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self.port(8974)),
                "PYTHONPATH": str(_MODULES),
            }
        variables = {
            key: self.translate(value, service, instance)
            for key, value in service.environment.items()
        }
        return own | variables


def programs_of_postgres() -> list[Path]:
    """Give the folder of Debian's newest PostgreSQL; empty if there is none."""
    versions = [folder for folder in _POSTGRES.glob("*/bin") if (folder / "initdb").exists()]
    return sorted(versions, key=lambda folder: int(folder.parent.name))[-1:]


def _is_airflow(service: Service) -> bool:
    return "AIRFLOW__CORE__EXECUTOR" in service.environment
