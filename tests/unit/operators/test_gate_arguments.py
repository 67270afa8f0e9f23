"""What the gate's arguments are to be, and where they go."""

from __future__ import annotations

from typing import Any

import pytest

from sagemaker_tuning._compat import (
    AirflowFailException,
)
from tests.unit.operators.account import (
    BAD,
    BUCKET,
    GOOD,
    GROUP_ARN,
    Account,
    refusal,
)
from tests.unit.operators.gating import first_try, gate_of, run


def test_a_package_of_no_group_has_no_champion() -> None:
    """It is refused before anything is created."""
    account = Account(champion=BAD, challenger=GOOD)
    del account.packages[2]["ModelPackageGroupName"]
    account.packages[2]["ModelPackageArn"] = f"{GROUP_ARN}-alone"
    with pytest.raises(AirflowFailException, match="model_package_name"):
        run(account, first_try())
    assert not account.models


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"data": f"s3://{BUCKET}/nothing"}, "no object with content has a key that begins so"),
        ({"data": "bucket/test"}, "data: 'bucket/test'"),
        ({"s3_output_path": "/tmp/gate"}, "s3_output_path"),  # noqa: S108 -- none of ours
        ({"margin": "-0.1"}, "margin: '-0.1'"),
        ({"margin": "nan"}, "margin: 'nan'"),
        ({"metric": "ndcg"}, "metric: 'ndcg' cannot be computed"),
        ({"objective_type": "maximize"}, "objective_type: 'maximize'"),
        ({"instance_count": "0"}, "instance_count: '0'"),
        ({"role": "arn:aws:iam::1:role/short"}, "ExecutionRoleArn"),
        ({"transform_job_fields": {"MaxPayloadInMB": "six"}}, "MaxPayloadInMB: 'six'"),
        ({"transform_job_fields": {"ModelName": "other"}}, "transform_job_fields.ModelName"),
        (
            {"transform_job_fields": {"TransformOutput": {"S3OutputPath": "s3://other"}}},
            "transform_job_fields.TransformOutput.S3OutputPath",
        ),
        ({"transform_job_fields": {"TransformOutput": None}}, "TransformOutput: None"),
        ({"s3_output_path": f"s3://{BUCKET}/test"}, "s3_output_path: s3://bucket/test/churn-v2"),
        ({"s3_output_path": f"s3://{BUCKET}/test-scores/"}, "predictions would be taken for data"),
        ({"data": f"s3://{BUCKET}"}, "predictions would be taken for data"),
        ({"model_fields": '{"Containers": []}'}, "model_fields.Containers"),
        ({"tags": [{"Key": "team"}]}, "Tags[0].Value"),
        ({"tags": {"team": "churn"}}, "tags: {'team': 'churn'}"),
    ],
)
def test_a_mistake_is_told_before_anything_is_created(arguments: Any, said: str) -> None:
    """By the argument's name, or AWS's path, with the value."""
    account = Account(champion=BAD, challenger=GOOD)
    with pytest.raises(AirflowFailException) as refused:
        run(account, first_try(), **arguments)
    assert said in str(refused.value)
    assert not account.jobs
    assert not account.models


@pytest.mark.parametrize("arguments", [{"poll_interval": 0}, {"on_loss": "ignore"}])
def test_a_mistake_in_what_is_no_template_is_told_when_the_dag_is_parsed(arguments: Any) -> None:
    """With the value, and what would be right."""
    with pytest.raises(ValueError, match="give"):
        gate_of(Account(champion=BAD, challenger=GOOD), **arguments)


def test_all_mistakes_are_told_at_once() -> None:
    """Whatever kind they are of."""
    wrong = {"data": "test", "margin": -1, "instance_count": "two", "objective_type": "up"}
    with pytest.raises(AirflowFailException, match="4 mistakes"):
        run(Account(champion=BAD, challenger=GOOD), first_try(), **wrong)


def test_further_fields_reach_the_requests() -> None:
    """Merged into structures, next to the gate's own; tags go to models and jobs alike."""
    account = Account(champion=None, challenger=GOOD)
    account.refusals["delete_model"] = [refusal("AccessDeniedException")]
    run(
        account,
        first_try(),
        transform_job_fields={"TransformOutput": {"KmsKeyId": "key"}, "MaxPayloadInMB": 20},
        model_fields={"EnableNetworkIsolation": True},
        tags=[{"Key": "team", "Value": "churn"}],
    )
    (job,), (model,) = account.jobs.values(), account.models.values()
    assert job["TransformOutput"]["KmsKeyId"] == "key"
    assert job["TransformOutput"]["Accept"] == "text/csv"
    assert (job["MaxPayloadInMB"], job["BatchStrategy"]) == (20, "MultiRecord")
    assert job["DataProcessing"] == {"InputFilter": "$[1:]", "JoinSource": "Input"}
    assert model["EnableNetworkIsolation"] is True
    assert all(tags["team"] == "churn" for tags in account.tags.values())
