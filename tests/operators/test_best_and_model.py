"""From a tuning job to its best training job and a model, against the local endpoint."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from sagemaker_tuning._compat import AirflowFailException
from sagemaker_tuning.core.errors import (
    NoCompletedTrainingJob,
    TuningJobFailed,
)
from sagemaker_tuning.operators.model import SageMakerCreateModelFromTrainingJobOperator
from sagemaker_tuning.operators.training_job import SageMakerGetBestTrainingJobOperator
from sagemaker_tuning.operators.tuning_job import (
    SageMakerStopTuningJobOperator,
)
from tests.operators.task import FOR_EVER, context, tuning_operator, tuning_request


def test_best_training_job_and_its_model(client: Any) -> None:
    """The model serves the best training job's artifact, and creating it again changes nothing."""
    tuned = tuning_operator().execute(context())
    best = SageMakerGetBestTrainingJobOperator(
        task_id="best", tuning_job_name=tuned["HyperParameterTuningJobName"]
    ).execute(context())
    assert best["TrainingJobName"] == tuned["BestTrainingJob"]["TrainingJobName"]
    assert best["StaticHyperParameters"] == {"objective": "binary:logistic", "num_round": "3"}
    assert set(best["TunedHyperParameters"]) == {"eta"}
    operator = SageMakerCreateModelFromTrainingJobOperator(
        task_id="model", training_job_name=best["TrainingJobName"]
    )
    model = operator.execute(context())
    described = client.describe_model(ModelName=model["ModelName"])
    assert (
        described["PrimaryContainer"]["ModelDataUrl"]
        == (best["ModelArtifacts"]["S3ModelArtifacts"])
    )
    assert operator.execute(context()) == model


def test_there_is_no_best_before_the_first_success() -> None:
    """Asked too early the operator may be retried; once the job has ended, it is not."""
    launched = tuning_operator(tuning_request(rounds=FOR_EVER), wait_for_completion=False).execute(
        context()
    )
    name = launched["HyperParameterTuningJobName"]
    best = SageMakerGetBestTrainingJobOperator(task_id="best", tuning_job_name=name)
    with pytest.raises(NoCompletedTrainingJob, match="has an objective metric"):
        best.execute(context())
    SageMakerStopTuningJobOperator(task_id="stop", tuning_job_name=name).execute(context())


def test_there_is_no_best_of_failures() -> None:
    """Once the job has ended without a success, asking again is no use; the reasons are told."""
    chosen = f"failing-{uuid.uuid4().hex[:8]}"
    with pytest.raises(TuningJobFailed):
        tuning_operator(tuning_request(data="text"), tuning_job_name=chosen).execute(context())
    with pytest.raises(AirflowFailException, match="'three'") as refused:
        SageMakerGetBestTrainingJobOperator(task_id="best", tuning_job_name=chosen).execute(
            context()
        )
    assert isinstance(refused.value.__cause__, NoCompletedTrainingJob)
