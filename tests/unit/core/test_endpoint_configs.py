"""The request of CreateEndpointConfig, from a model and a user's settings."""

from __future__ import annotations

from typing import Any

import pytest

from sagemaker_tuning.core.endpoint_configs import endpoint_config_fields
from sagemaker_tuning.core.errors import InvalidTuningRequest


def _fields(instance_type: str | None = "ml.m5.large", **fields: Any) -> dict[str, Any]:
    return endpoint_config_fields("churn-v1", instance_type, "2", fields)


def test_a_model_is_served_by_one_variant() -> None:
    """What a template has rendered to text is a number to AWS."""
    (variant,) = _fields()["ProductionVariants"]
    assert variant == {
        "VariantName": "AllTraffic",
        "ModelName": "churn-v1",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 2,
    }


def test_members_go_to_where_they_are() -> None:
    """Some are of the request, others of its variant, and they win."""
    request = _fields(KmsKeyId="key", VolumeSizeInGB="20", VariantName="main")
    assert request["KmsKeyId"] == "key"
    assert request["ProductionVariants"][0]["VolumeSizeInGB"] == 20
    assert request["ProductionVariants"][0]["VariantName"] == "main"


def test_a_serverless_variant_has_no_instances() -> None:
    """AWS refuses both."""
    serverless = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    (variant,) = _fields(ServerlessConfig=serverless)["ProductionVariants"]
    assert variant == {
        "VariantName": "AllTraffic",
        "ModelName": "churn-v1",
        "ServerlessConfig": serverless,
    }


def test_every_mistake_is_named() -> None:
    """A field that would be lost, one that says otherwise, and one that contradicts another."""
    with pytest.raises(InvalidTuningRequest) as refused:
        _fields(
            VolumeSizeInGb=1,
            ModelName="other",
            EndpointConfigName="mine",
            ServerlessConfig={},
            InstanceType="ml.m5.large",
        )
    assert {each.path.rpartition(".")[2] for each in refused.value.violations} == {
        "VolumeSizeInGb",
        "ModelName",
        "EndpointConfigName",
        "InstanceType",
    }
    assert "did you mean VolumeSizeInGB?" in str(refused.value)
