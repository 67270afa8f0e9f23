"""Training jobs that fail, and what becomes of their tuning job."""

from tests.contract.aws import Aws, Document
from tests.contract.examples import CONFIG, LIMITS, STATIC, changed, example, rows


def test_text_in_a_csv_fails_the_training_jobs_and_says_where(aws: Aws) -> None:
    """The reason names the file's line; when all fail, so does the tuning job, in AWS's words."""
    bucket = aws.upload(rows(50, seed=1) + "1,0.5,hello,0.5,0.5,0.5\n", rows(50, seed=2))
    request = changed(example(bucket), *LIMITS, "MaxNumberOfTrainingJobs", value=2)
    job = aws.run(request)
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"] == (
        "All training jobs failed. Please take a look at the training jobs failures to get more"
        " details."
    )
    assert job["TrainingJobStatusCounters"]["NonRetryableError"] == 2
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 0, "Pending": 0, "Failed": 2}
    assert "BestTrainingJob" not in job
    for each in aws.training_jobs(job["HyperParameterTuningJobName"]):
        assert each["TrainingJobStatus"] == "Failed"
        assert each["ObjectiveStatus"] == "Failed"
        assert each["FailureReason"].startswith("ClientError:")
        assert "line 51" in each["FailureReason"]
        assert "hello" in each["FailureReason"]
        described = aws.sagemaker.describe_training_job(TrainingJobName=each["TrainingJobName"])
        last = described["SecondaryStatusTransitions"][-1]
        assert (last["Status"], last["StatusMessage"]) == ("Failed", each["FailureReason"])


def test_five_failures_without_a_success_end_the_tuning_job(
    aws: Aws, request_document: Document
) -> None:
    """It does not use up its training jobs, and says so in AWS's words."""
    request = changed(request_document, *STATIC, "num_round", value="none")
    request = changed(
        request,
        *LIMITS,
        value={"MaxNumberOfTrainingJobs": 20, "MaxParallelTrainingJobs": 2},
    )
    job = aws.run(request)
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("No training job succeeded after 5 attempts.")
    counters = job["TrainingJobStatusCounters"]
    assert counters["InProgress"] == 0
    assert 5 <= counters["NonRetryableError"] + counters["Stopped"] <= 6


def test_some_failures_leave_the_tuning_job_completed(aws: Aws, request_document: Document) -> None:
    """Failed training jobs are counted beside the others, and the best is one of the others."""
    request = changed(
        request_document,
        CONFIG,
        "ParameterRanges",
        value={"CategoricalParameterRanges": [{"Name": "max_depth", "Values": ["3", "nonsense"]}]},
    )
    request = changed(request, CONFIG, "Strategy", value="Grid")
    request = changed(request, *LIMITS, "MaxNumberOfTrainingJobs", value=2)
    job = aws.run(request)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    counters = job["TrainingJobStatusCounters"]
    assert (counters["Completed"], counters["NonRetryableError"]) == (1, 1)
    assert job["BestTrainingJob"]["TunedHyperParameters"] == {"max_depth": "3"}


def test_values_are_the_algorithms_to_refuse(aws: Aws, request_document: Document) -> None:
    """Create takes a range of values that none can be, and the training jobs say why they fail."""
    request = changed(
        request_document,
        CONFIG,
        "ParameterRanges",
        value={"ContinuousParameterRanges": [{"Name": "eta", "MinValue": "2", "MaxValue": "5"}]},
    )
    request = changed(request, *LIMITS, "MaxNumberOfTrainingJobs", value=1)
    job = aws.run(request)
    (failed,) = aws.training_jobs(job["HyperParameterTuningJobName"])
    eta = failed["TunedHyperParameters"]["eta"]
    reason = f"ClientError: Hyperparameter eta: {float(eta)} is not in [0, 1]"
    assert failed["FailureReason"] == reason


def test_an_output_bucket_that_is_missing_fails_the_training_job(
    aws: Aws, request_document: Document
) -> None:
    """As the client's error, and before it is trained for nothing."""
    request = changed(
        request_document,
        "TrainingJobDefinition",
        "OutputDataConfig",
        "S3OutputPath",
        value="s3://no-such-bucket/output",
    )
    request = changed(request, *LIMITS, "MaxNumberOfTrainingJobs", value=1)
    job = aws.run(request)
    (failed,) = aws.training_jobs(job["HyperParameterTuningJobName"])
    assert failed["FailureReason"] == (
        "ClientError: Artifact upload failed: The specified bucket does not exist, bucket:"
        " no-such-bucket"
    )
    described = aws.sagemaker.describe_training_job(TrainingJobName=failed["TrainingJobName"])
    statuses = [each["Status"] for each in described["SecondaryStatusTransitions"]]
    assert statuses == ["Starting", "Failed"]
