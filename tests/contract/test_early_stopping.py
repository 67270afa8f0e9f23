"""Training jobs that the tuning job stops: early stopping Auto, and Hyperband."""

import pytest

from tests.contract.aws import Aws, Document
from tests.contract.examples import CONFIG, LIMITS, STATIC, changed

RANGES = (CONFIG, "ParameterRanges")
ROUNDS = "2000"


def good_then_bad(request: Document) -> Document:
    """One training job that learns and one after it that hardly does, for seconds if let be."""
    request = changed(request, *STATIC, "num_round", value=ROUNDS)
    request = changed(request, *STATIC, "eval_metric", value="logloss")
    objective = {"MetricName": "validation:logloss", "Type": "Minimize"}
    request = changed(request, CONFIG, "HyperParameterTuningJobObjective", value=objective)
    etas = {"CategoricalParameterRanges": [{"Name": "eta", "Values": ["0.01", "0.000001"]}]}
    request = changed(request, *RANGES, value=etas)
    request = changed(request, CONFIG, "Strategy", value="Grid")
    return changed(request, *LIMITS, value={"MaxParallelTrainingJobs": 1})


@pytest.mark.parametrize(("kind", "status"), [("Auto", "Stopped"), ("Off", "Completed")])
def test_a_training_job_worse_than_the_median_is_stopped(
    aws: Aws, request_document: Document, kind: str, status: str
) -> None:
    """Recorded: it is Stopped, has an objective, and counts as one that succeeded."""
    request = changed(
        good_then_bad(request_document), CONFIG, "TrainingJobEarlyStoppingType", value=kind
    )
    job = aws.run(request)
    first, second = aws.training_jobs(job["HyperParameterTuningJobName"])
    assert first["TrainingJobStatus"] == "Completed"
    assert second["TrainingJobStatus"] == status
    assert second["ObjectiveStatus"] == "Succeeded"
    assert second["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] > 0.5
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["BestTrainingJob"]["TrainingJobName"] == first["TrainingJobName"]
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 2, "Pending": 0, "Failed": 0}


def test_hyperband_stops_at_its_resources(aws: Aws, request_document: Document) -> None:
    """Each past MaxResource, because num_round is far more."""
    request = changed(request_document, *STATIC, "num_round", value="1000000")
    request = changed(request, CONFIG, "Strategy", value="Hyperband")
    limits = {"HyperbandStrategyConfig": {"MinResource": 3, "MaxResource": 27}}
    request = changed(request, CONFIG, "StrategyConfig", value=limits)
    job = aws.run(request)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Stopped"] == 4
    assert job["ObjectiveStatusCounters"]["Succeeded"] == 4
    best = job["BestTrainingJob"]["TrainingJobName"]
    described = aws.sagemaker.describe_training_job(TrainingJobName=best)
    assert [each["Status"] for each in described["SecondaryStatusTransitions"]] == [
        "Starting",
        "Downloading",
        "Training",
        "Stopping",
        "Stopped",
    ]
