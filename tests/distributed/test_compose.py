"""The rules that docker-compose.yaml keeps."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from demo.stack import ROOT
from tests.distributed import compose

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECRETS = (
    "POSTGRES_PASSWORD",
    "REDIS_PASSWORD",
    "AIRFLOW_FERNET_KEY",
    "AIRFLOW_JWT_SECRET",
    "AIRFLOW_SECRET_KEY",
    "AIRFLOW_ADMIN_PASSWORD",
)
_LEAST_BYTES_OF_A_SIGNING_KEY = 64


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Give what is in a new .env."""
    path = tmp_path_factory.mktemp("env") / "env"
    compose.write_secrets(path)
    return compose.secrets(path)


@pytest.fixture(scope="module")
def document(variables: Mapping[str, str]) -> dict[str, Any]:
    """Give the file with everything put in."""
    return compose.document(variables)


def test_the_compose_specification_has_it_so() -> None:
    """The file is valid, variables and anchors included, by the specification's own schema."""
    check = Path(sys.executable).with_name("check-jsonschema")
    schema = ["--builtin-schema", "vendor.compose-spec"]
    subprocess.run([check, *schema, compose.FILE], check=True)


def test_one_port_is_published_to_this_machine_alone(document: dict[str, Any]) -> None:
    """The API server's, on the loopback interface; the endpoint asks nobody who they are."""
    published = {
        name: section["ports"]
        for name, section in document["services"].items()
        if section.get("ports")
    }
    assert list(published) == ["api-server"]
    (port,) = published["api-server"]
    address = port.rpartition(":")[0] if isinstance(port, str) else port["host_ip"]
    assert address.startswith("127.0.0.1")


def test_who_has_no_way_out(document: dict[str, Any]) -> None:
    """Database, broker and endpoint are in a network without a gateway, and in no other."""
    assert document["networks"]["internal"]["internal"] is True
    for name in ("postgres", "redis", "endpoint"):
        assert list(document["services"][name]["networks"]) == ["internal"]


def test_aws_is_another_file_of_variables(variables: Mapping[str, str], tmp_path: Path) -> None:
    """The change that the docs name leaves nothing that leads to the endpoint, nor itself."""
    aws = tmp_path / "aws.env"
    aws.write_text("AWS_DEFAULT_REGION=eu-central-1\nAIRFLOW_CONN_AWS_DEFAULT=aws://\n")
    changed = {**variables, "AWS_ENV_FILE": str(aws)}
    del changed["COMPOSE_PROFILES"]
    # Older versions of docker-compose tell of services, too, whose profile is off.
    sections = compose.document(changed)["services"].items()
    services = {name: section for name, section in sections if not section.get("profiles")}
    assert "endpoint" not in services
    assert services["worker"]["environment"]["AWS_DEFAULT_REGION"] == "eu-central-1"
    for name, section in services.items():
        assert "endpoint:" not in str(section.get("environment")), name


@pytest.mark.parametrize("name", [*_SECRETS, "SAGEMAKER_TUNING_NAMESPACE", "AWS_ENV_FILE"])
def test_nothing_has_a_default_that_must_not_have_one(name: str) -> None:
    """One use at least of the variable asks for it, and none has anything in its place."""
    uses = re.findall(rf"\$\{{{name}(.*?)\}}", compose.FILE.read_text(encoding="utf-8"))
    assert ":?sh docker/make-env.sh writes a .env with it" in uses
    assert set(uses) <= {"", ":?sh docker/make-env.sh writes a .env with it"}


def test_nothing_starts_without_its_secrets(variables: Mapping[str, str]) -> None:
    """What is not there is asked for by its name, with the command that makes it."""
    name = "AIRFLOW_FERNET_KEY"
    answer = compose.config({key: value for key, value in variables.items() if key != name})
    assert answer.returncode != 0
    assert name in answer.stderr
    assert "sh docker/make-env.sh writes a .env with it" in answer.stderr


def test_secrets_are_new_and_long_each_time(variables: Mapping[str, str], tmp_path: Path) -> None:
    """No two deployments share one, and only the owner of the file can read it."""
    path = tmp_path / "env"
    compose.write_secrets(path)
    others = compose.secrets(path)
    for name in _SECRETS:
        assert variables[name] != others[name]
    for name in ("AIRFLOW_JWT_SECRET", "AIRFLOW_SECRET_KEY"):
        assert len(variables[name]) >= _LEAST_BYTES_OF_A_SIGNING_KEY
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(subprocess.CalledProcessError):
        compose.write_secrets(path)
    assert compose.secrets(path) == others


def test_no_secret_is_in_the_file(document: dict[str, Any]) -> None:
    """Of a value that looks like a credential, all is a variable; the endpoint takes any key."""
    text = compose.FILE.read_text(encoding="utf-8")
    for line in text.splitlines():
        if re.search(r"(password|secret|fernet|auth):|://.*:.*@", line, re.IGNORECASE):
            assert "${" in line, line
    of_the_endpoint = (ROOT / "docker" / "local-aws.env").read_text(encoding="utf-8")
    assert "AWS_ENDPOINT_URL=http://endpoint:8765" in of_the_endpoint
    assert document["services"]["worker"]["environment"]["AWS_ENDPOINT_URL"]


def test_images_are_pinned(document: dict[str, Any]) -> None:
    """A version to the last digit, also of what ours are built on."""
    pinned = re.compile(r":\d+\.\d+(\.\d+)?(-\w|$)")
    for name, section in document["services"].items():
        assert pinned.search(section["image"]), (name, section["image"])
    lines = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("FROM ")] == [
        "FROM apache/airflow:3.3.2-python3.11"
    ]


def test_images_have_locked_sets(document: dict[str, Any]) -> None:
    """What is built is built from sets that are there, and for this Airflow."""
    built = [
        section["build"]["args"] for section in document["services"].values() if "build" in section
    ]
    assert built
    for args in built:
        locked = (ROOT / "requirements" / args["LOCKED"]).read_text(encoding="utf-8")
        assert "apache-airflow==3.3.2 " in locked


def test_every_service_is_watched_and_bounded(document: dict[str, Any]) -> None:
    """A health check but for what ends by itself, limits of memory and processor, a restart."""
    for name, section in document["services"].items():
        limits = section["deploy"]["resources"]["limits"]
        assert {"cpus", "memory"} <= limits.keys(), name
        if name == "init":
            assert section["restart"] == "on-failure"
            continue
        assert section["restart"] == "always", name
        assert {"test", "interval", "timeout", "retries"} <= section["healthcheck"].keys(), name
