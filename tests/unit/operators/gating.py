"""The gate in front of an account, as the tests have it again and again."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from sagemaker_tuning.operators.gate import SageMakerModelPackageGateOperator
from tests.operators.task import FakeTaskInstance, context
from tests.unit.operators.account import (
    BUCKET,
    GROUP_ARN,
    Account,
)

ROLE = "arn:aws:iam::123456789012:role/SageMaker"


def gate_of(account: Account, **arguments: Any) -> SageMakerModelPackageGateOperator:
    """Give the gate of the version 2, of an account's, with other arguments."""
    given = {
        "model_package_name": f"{GROUP_ARN}/2",
        "data": f"s3://{BUCKET}/test",
        "role": ROLE,
        "instance_type": "ml.m5.large",
        "s3_output_path": f"s3://{BUCKET}/gate",
        "deferrable": False,
        "poll_interval": 0.001,
        **arguments,
    }
    operator = SageMakerModelPackageGateOperator(task_id="gate", retries=3, **given)
    vars(operator)["hook"] = account.hook
    return operator


def first_try() -> FakeTaskInstance:
    """Give the first of four tries."""
    return FakeTaskInstance(task_id="gate", max_tries=3)


def next_try(ti: FakeTaskInstance) -> FakeTaskInstance:
    """Give the try after another one."""
    return replace(ti, try_number=ti.try_number + 1, id=uuid.uuid4(), xcoms={})


def run(account: Account, ti: FakeTaskInstance, **arguments: Any) -> Any:
    """Have a gate run to its end, or until it is deferred."""
    return gate_of(account, **arguments).execute(context(ti))
