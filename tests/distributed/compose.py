"""docker-compose.yaml, as docker-compose itself reads it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from demo.stack import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FILE = ROOT / "docker-compose.yaml"
SECONDS = 60


def program(name: str, path: str = os.environ["PATH"]) -> str:
    """Give the path of a program."""
    found = shutil.which(name, path=path)
    assert found is not None, f"{name} is not on {path}"
    return found


def write_secrets(path: Path) -> None:
    """Have the user's script write new secrets."""
    script = ROOT / "docker" / "make-env.sh"
    subprocess.run([program("sh"), script, path], check=True, timeout=SECONDS)


def secrets(path: Path) -> dict[str, str]:
    """Give the variables of such a file."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "=" in line]
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def config(variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Have docker-compose read the file, with nothing but these variables."""
    # An empty one, as otherwise it would take the .env of whoever runs the tests.
    with tempfile.NamedTemporaryFile(suffix=".env") as nothing:
        return subprocess.run(
            [program("docker-compose"), "--file", FILE, "--env-file", nothing.name, "config"],
            env={"PATH": os.environ["PATH"], **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )


def document(variables: Mapping[str, str]) -> dict[str, Any]:
    """Give the whole file, with its anchors, env files and variables put in."""
    answer = config(variables)
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = yaml.safe_load(answer.stdout)
    return found


@dataclass(frozen=True)
class Service:
    """A service of the file.

    Args:
        name: Its name.
        entrypoint: In place of the image's; empty where the image's is not replaced.
        command: The command and its arguments.
        environment: The variables.
        health: The command of its health check; empty where it has none.
        depends_on: The condition by the name of another service.
        volumes: What is mounted, by where: a path, or a volume's name.
        replicas: How many there are of it.
    """

    name: str
    entrypoint: list[str]
    command: list[str]
    environment: dict[str, str]
    health: list[str]
    depends_on: dict[str, str]
    volumes: dict[str, str]
    replicas: int

    @classmethod
    def of(cls, name: str, section: Mapping[str, Any]) -> Service:
        """Take what is needed to run the service from its section."""
        variables = section.get("environment", {}).items()
        return cls(
            name=name,
            entrypoint=_words(section.get("entrypoint")),
            command=_words(section.get("command")),
            environment={key: _unescaped(str(value)) for key, value in variables},
            health=_health(section.get("healthcheck", {}).get("test", [])),
            depends_on={
                other: needs["condition"] for other, needs in section.get("depends_on", {}).items()
            },
            volumes=dict(_mount(volume) for volume in section.get("volumes", [])),
            replicas=section.get("deploy", {}).get("replicas", 1),
        )


def services(variables: Mapping[str, str]) -> dict[str, Service]:
    """Give the file's services by name."""
    sections = document(variables)["services"]
    return {name: Service.of(name, section) for name, section in sections.items()}


def _words(command: str | Sequence[str] | None) -> list[str]:
    words = shlex.split(command) if isinstance(command, str) else command or []
    return [_unescaped(word) for word in words]


def _health(test: Sequence[str]) -> list[str]:
    if not test:
        return []
    kind, *words = map(_unescaped, test)
    return ["sh", "-c", *words] if kind == "CMD-SHELL" else words


def _unescaped(text: str) -> str:
    return text.replace("$$", "$")


def _mount(volume: str | Mapping[str, Any]) -> tuple[str, str]:
    if isinstance(volume, str):
        source, target, *_mode = volume.split(":")
        return target, source
    return volume["target"], volume["source"]
