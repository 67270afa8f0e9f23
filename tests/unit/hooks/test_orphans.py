"""The command that lists, and stops, what nobody waits for; see also tests/integration."""

from __future__ import annotations

import io

import pytest

from sagemaker_tuning.hooks import orphans


@pytest.fixture(autouse=True)
def on_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a connection to AWS itself, which is not called."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SAGEMAKER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://test:test@/?region_name=us-east-1")


def test_nothing_is_stopped_under_a_namespace_that_others_may_have(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On another laptop with the same URL a live task is one that this database does not know."""
    monkeypatch.delenv("AIRFLOW__SAGEMAKER_TUNING__NAMESPACE", raising=False)
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://localhost:8080")
    with pytest.raises(SystemExit) as refused:
        orphans.main(["--orphans", "--stop"], io.StringIO())
    assert refused.value.code == 2
    assert "[sagemaker_tuning] namespace" in capsys.readouterr().err


def test_a_connection_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """One line says so."""
    assert orphans.main(["--aws-conn-id", "nowhere"], io.StringIO()) == 1
    assert "nowhere" in capsys.readouterr().err
