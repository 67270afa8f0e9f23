"""The asset event and the lineage of a model, against the local endpoint."""

from __future__ import annotations

import json
from collections import defaultdict
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from airflow.sdk import Asset, AssetAlias
from airflow.sdk.execution_time.context import OutletEventAccessors

from sagemaker_tuning.operators.assets import add_to_asset_events
from sagemaker_tuning.operators.model import SageMakerCreateModelFromTrainingJobOperator
from tests.contract import serving
from tests.operators.task import FakeTaskInstance

if TYPE_CHECKING:
    from airflow.sdk import Context

    from tests.contract.aws import Aws, Document


def test_the_event_of_a_models_asset_has_the_best_metric(aws: Aws, completed: Document) -> None:
    """Of each asset among the outlets, beside what the DAG's author put there; none of an alias."""
    best = completed["BestTrainingJob"]
    asset, other, alias = Asset("model"), Asset("s3://models/churn"), AssetAlias("alias")
    task = SageMakerCreateModelFromTrainingJobOperator(
        task_id="create_model",
        training_job_name=best["TrainingJobName"],
        model_name=serving.unique("model"),
        outlets=[asset, other, alias],
    )
    events = OutletEventAccessors()
    events[asset].extra["team"] = "retraining"
    result = task.execute(cast("Context", {"ti": FakeTaskInstance(), "outlet_events": events}))
    extra: dict[str, Any] = events[other].extra
    assert events[asset].extra == {"team": "retraining"} | extra
    assert events[alias].extra == {}
    json.dumps(extra, allow_nan=False)
    assert len(events) == 3
    metric = extra.pop("FinalHyperParameterTuningJobObjectiveMetric")
    final = best["FinalHyperParameterTuningJobObjectiveMetric"]
    assert metric["MetricName"] == final["MetricName"]
    assert metric["Value"] == pytest.approx(final["Value"])
    assert extra == {
        "ModelName": result["ModelName"],
        "ModelArn": result["ModelArn"],
        "ModelDataUrl": serving.artifact_of(aws, completed),
        "TrainingJobName": best["TrainingJobName"],
        "HyperParameterTuningJobName": completed["HyperParameterTuningJobName"],
        "TuningJobArn": completed["HyperParameterTuningJobArn"],
    }


def test_an_asset_that_is_only_referred_to_gets_it_too() -> None:
    """``Asset.ref`` among the outlets makes an event as the asset itself does."""
    events: Any = defaultdict(lambda: SimpleNamespace(extra={}))
    outlets = [Asset.ref(name="model"), Asset.ref(uri="s3://models/churn")]
    add_to_asset_events(cast("Context", {"outlet_events": events}), outlets, {"ModelName": "churn"})
    assert [events[outlet].extra for outlet in outlets] == [{"ModelName": "churn"}] * 2
