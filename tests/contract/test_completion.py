"""What ends a tuning job before its last training job, and training jobs before their end."""

from tests.contract.aws import Aws, Document
from tests.contract.examples import CONFIG, LIMITS, changed

CRITERIA = "TuningJobCompletionCriteria"


def test_a_target_that_is_reached_completes_the_job(aws: Aws, request_document: Document) -> None:
    """With the training job that reached it as the best; no more are launched."""
    limits = {"MaxNumberOfTrainingJobs": 50, "MaxParallelTrainingJobs": 2}
    request = changed(request_document, *LIMITS, value=limits)
    request = changed(request, CONFIG, CRITERIA, value={"TargetObjectiveMetricValue": 0.5})
    job = aws.run(request)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] >= 0.5
    assert sum(job["TrainingJobStatusCounters"].values()) < 50


def test_jobs_that_do_not_improve_complete_the_job(aws: Aws, request_document: Document) -> None:
    """The second to fourth do not where a grid has only limits that none comes near."""
    ranges = {
        "CategoricalParameterRanges": [
            {"Name": "max_delta_step", "Values": [f"10{digit}" for digit in range(1, 10)]}
        ]
    }
    request = changed(request_document, CONFIG, "ParameterRanges", value=ranges)
    request = changed(request, CONFIG, "Strategy", value="Grid")
    request = changed(request, *LIMITS, value={"MaxParallelTrainingJobs": 1})
    criteria = {"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}}
    job = aws.run(changed(request, CONFIG, CRITERIA, value=criteria))
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TuningJobCompletionDetails"]["NumberOfTrainingJobsObjectiveNotImproving"] == 3
    assert job["TrainingJobStatusCounters"]["Completed"] == 4
