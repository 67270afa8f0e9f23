"""What ends a tuning job before its last training job, and training jobs before their end."""

from tests.contract.aws import Aws, Document
from tests.contract.examples import CONFIG, LIMITS, STATIC, changed, endless

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
    """Grid search over a hyperparameter without effect: the second to fourth improve nothing."""
    ranges = {
        "CategoricalParameterRanges": [
            {"Name": "tweedie_variance_power", "Values": [f"1.{digit}" for digit in range(1, 10)]}
        ]
    }
    request = changed(request_document, CONFIG, "ParameterRanges", value=ranges)
    request = changed(request, CONFIG, "Strategy", value="Grid")
    request = changed(request, *STATIC, "tweedie_variance_power")
    request = changed(request, *LIMITS, value={"MaxParallelTrainingJobs": 1})
    criteria = {"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}}
    job = aws.run(changed(request, CONFIG, CRITERIA, value=criteria))
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TuningJobCompletionDetails"]["NumberOfTrainingJobsObjectiveNotImproving"] == 3
    assert job["TrainingJobStatusCounters"]["Completed"] == 4


def test_early_stopping_stops_what_falls_behind(aws: Aws, request_document: Document) -> None:
    """Recorded: such a training job is Stopped, and has an objective that counts."""
    ranges = {"CategoricalParameterRanges": [{"Name": "eta", "Values": ["0.5", "0.0001"]}]}
    request = changed(endless(request_document), CONFIG, "ParameterRanges", value=ranges)
    request = changed(request, CONFIG, "Strategy", value="Grid")
    request = changed(request, CONFIG, "TrainingJobEarlyStoppingType", value="Auto")
    request = changed(request, *LIMITS, value={"MaxParallelTrainingJobs": 1})
    # The first one ends because it does not get better, the second because it is worse.
    request = changed(request, *STATIC, "early_stopping_rounds", value="20")
    request = changed(request, *STATIC, "num_parallel_tree")
    job = aws.run(request)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Completed"] == 1
    assert job["TrainingJobStatusCounters"]["Stopped"] == 1
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 2, "Pending": 0, "Failed": 0}
    stopped = aws.training_jobs(job["HyperParameterTuningJobName"])[1]
    assert stopped["TrainingJobStatus"] == "Stopped"
    assert stopped["ObjectiveStatus"] == "Succeeded"
    assert "FinalHyperParameterTuningJobObjectiveMetric" in stopped
    described = aws.sagemaker.describe_training_job(TrainingJobName=stopped["TrainingJobName"])
    assert described["SecondaryStatus"] == "Stopped"
    assert [each["Status"] for each in described["SecondaryStatusTransitions"]] == [
        "Starting",
        "Downloading",
        "Training",
        "Stopping",
        "Stopped",
    ]
