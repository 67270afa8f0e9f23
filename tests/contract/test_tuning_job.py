"""A tuning job from Create to its best model."""

import io
import re
import tarfile

import numpy as np
import pytest
import xgboost

from tests.contract.aws import Aws, Document, has_ended
from tests.contract.examples import CONFIG, DEFINITION, STATIC, changed, example


def test_every_training_job_completes_and_is_counted(completed: Document) -> None:
    """The counters of an undisturbed job end as AWS's do."""
    assert completed["HyperParameterTuningJobStatus"] == "Completed"
    assert completed["TrainingJobStatusCounters"] == {
        "Completed": 4,
        "InProgress": 0,
        "RetryableError": 0,
        "NonRetryableError": 0,
        "Stopped": 0,
    }
    assert completed["ObjectiveStatusCounters"] == {"Succeeded": 4, "Pending": 0, "Failed": 0}
    assert completed["HyperParameterTuningEndTime"] == completed["LastModifiedTime"]
    assert "FailureReason" not in completed


def test_the_best_training_job_is_the_one_with_the_highest_objective(
    aws: Aws, completed: Document
) -> None:
    """BestTrainingJob is an entry of the list, whole, and none has a higher metric."""
    jobs = aws.training_jobs(completed["HyperParameterTuningJobName"])
    best = max(jobs, key=lambda job: job["FinalHyperParameterTuningJobObjectiveMetric"]["Value"])
    assert completed["BestTrainingJob"] == best
    assert best["ObjectiveStatus"] == "Succeeded"


def test_the_best_job_so_far_appears_with_the_first_success(
    aws: Aws, request_document: Document
) -> None:
    """BestTrainingJob is absent before a training job has succeeded, and there from then on."""
    seen: list[tuple[int, bool]] = []

    def look(job: Document) -> bool:
        counters = job["ObjectiveStatusCounters"]
        seen.append((counters["Succeeded"], "BestTrainingJob" in job))
        assert counters["Pending"] == job["TrainingJobStatusCounters"]["InProgress"] <= 3
        return has_ended(job)

    aws.wait(aws.create(request_document), look)
    assert seen[0][0] == 0
    assert all(has_best == (succeeded > 0) for succeeded, has_best in seen)


def test_the_best_model_reaches_the_objective_that_was_reported(
    aws: Aws, bucket: str, completed: Document
) -> None:
    """Plain XGBoost on the artifact and the validation rows gets the API's metric to 1e-6."""
    best = completed["BestTrainingJob"]
    job = aws.sagemaker.describe_training_job(TrainingJobName=best["TrainingJobName"])
    uri = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert uri == f"s3://{bucket}/output/{best['TrainingJobName']}/output/model.tar.gz"
    with tarfile.open(fileobj=io.BytesIO(aws.read(uri))) as archive:
        model = archive.extractfile("xgboost-model")
        assert model is not None
        booster = xgboost.Booster(model_file=bytearray(model.read()))
    table = np.loadtxt(io.BytesIO(aws.read(f"s3://{bucket}/validation/part-0.csv")), delimiter=",")
    validation = xgboost.DMatrix(table[:, 1:], table[:, 0])
    booster.set_param({"eval_metric": "auc"})
    reached = float(booster.eval(validation).rpartition(":")[2])
    reported = best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    assert reached == pytest.approx(reported, abs=1e-6)


def test_describe_training_job_has_what_clients_read(aws: Aws, completed: Document) -> None:
    """Hyperparameters, times, transitions and metrics, as boto3 and the SageMaker SDK use them."""
    best = completed["BestTrainingJob"]
    job = aws.sagemaker.describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert job["TuningJobArn"] == completed["HyperParameterTuningJobArn"]
    assert job["HyperParameters"] == {
        **completed[DEFINITION]["StaticHyperParameters"],
        **best["TunedHyperParameters"],
    }
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Completed", "Completed")
    transitions = job["SecondaryStatusTransitions"]
    assert [each["Status"] for each in transitions] == [
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    assert all(each["EndTime"] >= each["StartTime"] for each in transitions)
    assert job["CreationTime"] <= job["TrainingStartTime"] <= job["TrainingEndTime"]
    assert job["BillableTimeInSeconds"] == job["TrainingTimeInSeconds"] >= 1
    assert job["OutputDataConfig"]["KmsKeyId"] == ""
    metrics = {each["MetricName"]: each["Value"] for each in job["FinalMetricDataList"]}
    objective = best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    assert metrics["ObjectiveMetric"] == metrics["validation:auc"] == objective


def test_a_training_jobs_log_is_in_cloudwatch(aws: Aws, completed: Document) -> None:
    """One stream <training job>/algo-1-<epoch>, one line an iteration, a TAB shown as #011."""
    name = completed["BestTrainingJob"]["TrainingJobName"]
    logs = aws.client("logs")
    group = "/aws/sagemaker/TrainingJobs"
    (stream,) = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")[
        "logStreams"
    ]
    assert re.fullmatch(rf"{name}/algo-1-\d{{10}}", stream["logStreamName"])
    events = logs.get_log_events(
        logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
    )["events"]
    iterations = [event["message"] for event in events if event["message"].startswith("[")]
    assert any(line.startswith("[9]#011train-auc:") for line in iterations)


def test_tags_reach_the_training_jobs(aws: Aws, completed: Document) -> None:
    """A tuning job's tags are listed for it and for each of its training jobs."""
    for arn in (
        completed["HyperParameterTuningJobArn"],
        completed["BestTrainingJob"]["TrainingJobArn"],
    ):
        assert aws.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [
            {"Key": "team", "Value": "retraining"}
        ]


def test_a_model_can_be_created_from_the_best_training_job(aws: Aws, completed: Document) -> None:
    """The image and the artifact that Describe gives are what CreateModel, moto's, takes."""
    name = completed["BestTrainingJob"]["TrainingJobName"]
    job = aws.sagemaker.describe_training_job(TrainingJobName=name)
    aws.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=job["RoleArn"],
        PrimaryContainer={
            "Image": job["AlgorithmSpecification"]["TrainingImage"],
            "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"],
        },
    )
    assert aws.sagemaker.describe_model(ModelName=name)["ModelName"] == name


def test_several_definitions_take_turns(aws: Aws, bucket: str) -> None:
    """With TrainingJobDefinitions each has its own ranges, and summaries name the definition."""
    request = example(bucket)
    definition = request.pop(DEFINITION)
    config = request[CONFIG]
    objective = config.pop("HyperParameterTuningJobObjective")
    ranges = config.pop("ParameterRanges")
    request["TrainingJobDefinitions"] = [
        {
            **definition,
            "DefinitionName": name,
            "TuningObjective": objective,
            "HyperParameterRanges": chosen,
        }
        for name, chosen in (
            ("continuous", {"ContinuousParameterRanges": ranges["ContinuousParameterRanges"]}),
            ("integer", {"IntegerParameterRanges": ranges["IntegerParameterRanges"]}),
        )
    ]
    job = aws.run(request)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    # Recorded: a definition of a list has no KmsKeyId that it was not given.
    assert job["TrainingJobDefinitions"][0]["OutputDataConfig"] == definition["OutputDataConfig"]
    jobs = aws.training_jobs(job["HyperParameterTuningJobName"])
    assert [
        (each["TrainingJobDefinitionName"], set(each["TunedHyperParameters"])) for each in jobs
    ] == 2 * [
        ("continuous", {"eta", "alpha", "min_child_weight"}),
        ("integer", {"max_depth"}),
    ]


def test_grid_tries_every_combination_once(aws: Aws, request_document: Document) -> None:
    """Strategy Grid without a number of training jobs runs the product of the values."""
    request = changed(
        request_document,
        CONFIG,
        "ParameterRanges",
        value={
            "CategoricalParameterRanges": [
                {"Name": "max_depth", "Values": ["2", "4"]},
                {"Name": "eta", "Values": ["0.1", "0.3"]},
            ]
        },
    )
    request = changed(request, CONFIG, "Strategy", value="Grid")
    request = changed(request, CONFIG, "ResourceLimits", value={"MaxParallelTrainingJobs": 2})
    job = aws.run(request)
    tuned = [
        tuple(each["TunedHyperParameters"].values())
        for each in aws.training_jobs(job["HyperParameterTuningJobName"])
    ]
    assert tuned == [("2", "0.1"), ("2", "0.3"), ("4", "0.1"), ("4", "0.3")]


def test_an_uncompressed_model_is_a_file_under_a_prefix(
    aws: Aws, request_document: Document
) -> None:
    """OutputDataConfig.CompressionType NONE uploads the files themselves."""
    request = changed(
        request_document, DEFINITION, "OutputDataConfig", "CompressionType", value="NONE"
    )
    best = aws.run(request)["BestTrainingJob"]["TrainingJobName"]
    uri = aws.sagemaker.describe_training_job(TrainingJobName=best)["ModelArtifacts"][
        "S3ModelArtifacts"
    ]
    assert uri.endswith(f"/{best}/output/model/")
    assert aws.read(f"{uri}xgboost-model")


def test_resources_of_a_tuning_job_become_a_training_jobs(
    aws: Aws, request_document: Document
) -> None:
    """The SageMaker SDK sends HyperParameterTuningResourceConfig and reads ResourceConfig."""
    resources = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}
    request = changed(
        changed(request_document, DEFINITION, "ResourceConfig"),
        DEFINITION,
        "HyperParameterTuningResourceConfig",
        value={"InstanceConfigs": [resources], "AllocationStrategy": "Prioritized"},
    )
    best = aws.run(request)["BestTrainingJob"]["TrainingJobName"]
    job = aws.sagemaker.describe_training_job(TrainingJobName=best)
    assert job["ResourceConfig"] == resources


def test_an_environment_and_a_static_choice_reach_the_training_job(
    aws: Aws, request_document: Document
) -> None:
    """What a definition says beside the example's fields is there again in DescribeTrainingJob."""
    request = changed(request_document, DEFINITION, "Environment", value={"STAGE": "test"})
    request = changed(request, *STATIC, "scale_pos_weight", value="2")
    best = aws.run(request)["BestTrainingJob"]["TrainingJobName"]
    job = aws.sagemaker.describe_training_job(TrainingJobName=best)
    assert job["Environment"] == {"STAGE": "test"}
    assert job["HyperParameters"]["scale_pos_weight"] == "2"
