"""What tells deployments apart."""

from __future__ import annotations

import pytest

from sagemaker_tuning.hooks.namespace import is_telling, namespace


def test_the_namespace_comes_before_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider's own setting wins; without either it is empty."""
    monkeypatch.delenv("AIRFLOW__SAGEMAKER_TUNING__NAMESPACE", raising=False)
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com")
    assert namespace() == "https://airflow.example.com"
    monkeypatch.setenv("AIRFLOW__SAGEMAKER_TUNING__NAMESPACE", "prod")
    assert namespace() == "prod"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("prod", True),
        ("https://airflow.example.com", True),
        ("http://10.0.0.7:8080/", True),
        ("", False),
        ("http://localhost:8080", False),
        ("http://127.0.0.1:8080", False),
        ("http://[::1]:8080", False),
    ],
)
def test_a_url_of_this_machine_alone_tells_nothing(name: str, *, expected: bool) -> None:
    """Every deployment may have the same."""
    assert is_telling(name) is expected
