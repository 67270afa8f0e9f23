"""Links to the console, by partition."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from sagemaker_tuning.get_provider_info import get_provider_info
from sagemaker_tuning.links import console
from sagemaker_tuning.links.console import (
    BestTrainingJobLink,
    EndpointLink,
    ModelLink,
    TuningJobLink,
)

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context

_OPERATOR = cast("BaseOperator", SimpleNamespace(do_xcom_push=True))


class FakeTaskInstance:
    """Keeps what is pushed."""

    def __init__(self) -> None:
        self.xcoms: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = value


def _kept(
    link: type[console.ConsoleLink], *, is_local: bool = False, **meta: str
) -> dict[str, Any]:
    ti = FakeTaskInstance()
    client = SimpleNamespace(meta=SimpleNamespace(**meta))
    names = {"tuning_job_name": "churn", "training_job_name": "churn-001", "model_name": "m"}
    names["endpoint_name"] = "e"
    link.keep(cast("Context", {"ti": ti}), _OPERATOR, client, is_local=is_local, **names)
    (kept,) = ti.xcoms.values()
    return cast("dict[str, Any]", kept)


@pytest.mark.parametrize(
    ("link", "region", "partition", "page"),
    [
        (
            TuningJobLink,
            "eu-west-1",
            "aws",
            "console.aws.amazon.com/sagemaker/home?region=eu-west-1#/hyper-tuning-jobs/churn",
        ),
        (
            BestTrainingJobLink,
            "cn-north-1",
            "aws-cn",
            "console.amazonaws.cn/sagemaker/home?region=cn-north-1#/jobs/churn-001",
        ),
        (
            ModelLink,
            "us-gov-west-1",
            "aws-us-gov",
            "console.amazonaws-us-gov.com/sagemaker/home?region=us-gov-west-1#/models/m",
        ),
        (
            EndpointLink,
            "us-east-1",
            "aws",
            "console.aws.amazon.com/sagemaker/home?region=us-east-1#/endpoints/e",
        ),
    ],
)
def test_a_link_leads_to_its_partitions_console(
    link: type[console.ConsoleLink], region: str, partition: str, page: str
) -> None:
    """Region and partition are those of the client that reached the resource."""
    kept = _kept(link, region_name=region, partition=partition)
    assert link().format_link(**kept) == f"https://{page}"


def test_there_is_no_link_where_there_is_no_page() -> None:
    """Neither on a local endpoint, nor where the console has no public address."""
    assert _kept(ModelLink, is_local=True, region_name="us-east-1", partition="aws") == {}
    kept = _kept(ModelLink, region_name="us-iso-east-1", partition="aws-iso")
    assert ModelLink().format_link(**kept) == ""


def test_a_link_that_cannot_be_kept_fails_no_task() -> None:
    """The model is created by then, and a retry would not do it better."""
    client = SimpleNamespace()
    ModelLink.keep(cast("Context", {}), _OPERATOR, client, is_local=False, model_name="m")


def test_every_link_is_registered() -> None:
    """Airflow shows no link that the provider does not list."""
    links = {
        f"{link.__module__}.{link.__name__}"
        for link in console.ConsoleLink.__subclasses__()
        if link.__module__ == console.__name__
    }
    assert links == set(get_provider_info()["extra-links"])
