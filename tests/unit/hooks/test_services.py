"""Other services are reached as SageMaker is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.config import Config

from sagemaker_tuning.hooks.services import AwsService
from sagemaker_tuning.hooks.tuning import SageMakerTuningHook


def _hook(monkeypatch: pytest.MonkeyPatch, extra: Any, **arguments: Any) -> SageMakerTuningHook:
    connection = {"conn_type": "aws", "login": "key", "password": "secret", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_MINE", json.dumps(connection))
    return SageMakerTuningHook(aws_conn_id="mine", **arguments)


def _client(monkeypatch: pytest.MonkeyPatch, service: str, extra: Any, **arguments: Any) -> Any:
    return AwsService(_hook(monkeypatch, extra, **arguments), service).client


@pytest.mark.parametrize(
    ("service", "region", "url", "partition"),
    [
        ("s3", "eu-west-1", "https://s3.eu-west-1.amazonaws.com", "aws"),
        ("iam", "us-east-1", "https://iam.amazonaws.com", "aws"),
        ("iam", "cn-north-1", "https://iam.cn-north-1.amazonaws.com.cn", "aws-cn"),
        ("logs", "cn-northwest-1", "https://logs.cn-northwest-1.amazonaws.com.cn", "aws-cn"),
        ("iam", "us-gov-west-1", "https://iam.us-gov.amazonaws.com", "aws-us-gov"),
    ],
)
def test_the_connections_region_decides_about_the_partition(
    monkeypatch: pytest.MonkeyPatch, service: str, region: str, url: str, partition: str
) -> None:
    """IAM, too, which elsewhere is one for all regions."""
    client = _client(monkeypatch, service, {"region_name": region})
    assert (client.meta.endpoint_url, client.meta.partition) == (url, partition)


def test_the_operators_region_goes_before_the_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with SageMaker itself."""
    extra = {"region_name": "us-east-1"}
    client = _client(monkeypatch, "logs", extra, region_name="cn-north-1")
    assert client.meta.region_name == "cn-north-1"


def test_endpoints_of_the_connection_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """One for all services, and one of a service's own, which wins."""
    extra = {
        "region_name": "us-east-1",
        "endpoint_url": "http://127.0.0.1:1",
        "service_config": {"s3": {"endpoint_url": "http://127.0.0.1:2"}},
    }
    assert _client(monkeypatch, "iam", extra).meta.endpoint_url == "http://127.0.0.1:1"
    assert _client(monkeypatch, "s3", extra).meta.endpoint_url == "http://127.0.0.1:2"


def test_the_users_configuration_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over our patience with throttling, which holds where the user says nothing."""
    extra = {"region_name": "us-east-1"}
    ours = _client(monkeypatch, "logs", extra).meta.config
    assert ours.retries == {"mode": "standard", "total_max_attempts": 10}
    config = {"retries": {"total_max_attempts": 2}, "connect_timeout": 7}
    theirs = _client(monkeypatch, "logs", extra, config=config).meta.config
    assert (theirs.retries["total_max_attempts"], theirs.connect_timeout) == (2, 7)


def test_a_caller_may_have_less_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of ours, and again where the user says nothing."""
    brief = Config(connect_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    hook = _hook(monkeypatch, {"region_name": "us-east-1"}, config={"connect_timeout": 7})
    config = AwsService(hook, "logs", brief).client.meta.config
    assert (config.retries["total_max_attempts"], config.connect_timeout) == (3, 7)
