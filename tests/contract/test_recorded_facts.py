"""What SageMaker itself was recorded to answer of tuning jobs, new, running, failed and completed.

The recordings are of 2024, in us-east-1; their requests were lists with one definition.
"""

import re
import struct
from collections.abc import Iterator

import pytest

from tests.contract.aws import Aws, Document, has_ended, poll
from tests.contract.examples import CONFIG, DEFINITION, LIMITS, STATIC, changed, endless, example

STATUSES = ("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped")
MEMBERS = {
    "HyperParameterTuningJobName",
    "HyperParameterTuningJobArn",
    "HyperParameterTuningJobStatus",
    "CreationTime",
    "LastModifiedTime",
    "TrainingJobStatusCounters",
    "ObjectiveStatusCounters",
}
SUMMARY = MEMBERS | {"Strategy", "ResourceLimits"}
RUNNING = MEMBERS | {
    CONFIG,
    "TrainingJobDefinitions",
    "TuningJobCompletionDetails",
    "ConsumedResources",
}
TRAIN = "accuracy auc aucpr error f1 f1_binary logloss mae map mse ndcg poisson-nloglik rmse"
VALIDATION = f"{TRAIN} balanced_accuracy precision recall"

# The container's own default for each of them, as SageMaker's console sends it.
STATIC_HYPERPARAMETERS = {
    "base_score": "0.5",
    "booster": "gbtree",
    "csv_weights": "0",
    "dsplit": "row",
    "eval_metric": "auc",
    "grow_policy": "depthwise",
    "lambda_bias": "0.0",
    "max_bin": "256",
    "max_leaves": "0",
    "normalize_type": "tree",
    "num_parallel_tree": "1",
    "objective": "binary:logistic",
    "one_drop": "0",
    "process_type": "default",
    "rate_drop": "0.3",
    "refresh_leaf": "1",
    "sample_type": "uniform",
    "sampling_method": "uniform",
    "scale_pos_weight": "1.0",
    "sketch_eps": "0.03",
    "skip_drop": "0.0",
    "tree_method": "auto",
    "tweedie_variance_power": "1.4",
    "updater": "grow_colmaker,prune",
    "verbosity": "1",
}


def in_a_list(request: Document) -> Document:
    """The request with its definition in a list, as the recorded ones have it."""
    config, definition = dict(request[CONFIG]), dict(request[DEFINITION])
    definition["DefinitionName"] = "c7n-test-def"
    definition["TuningObjective"] = config.pop("HyperParameterTuningJobObjective")
    definition["HyperParameterRanges"] = config.pop("ParameterRanges")
    config.pop("RandomSeed")
    name = request["HyperParameterTuningJobName"]
    return {
        "HyperParameterTuningJobName": name,
        CONFIG: config,
        "TrainingJobDefinitions": [definition],
    }


def counted(job: Document, **statuses: int) -> bool:
    """Whether just these training jobs are counted."""
    counters: Document = job["TrainingJobStatusCounters"]
    return counters == dict.fromkeys(STATUSES, 0) | statuses


@pytest.fixture(scope="module")
def recorded(bucket: str) -> Document:
    """The request of the recorded jobs, for fewer training jobs and data that is here."""
    request = changed(example(bucket), *STATIC, value=STATIC_HYPERPARAMETERS)
    image = "644160558196.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.3-1"
    request = changed(request, DEFINITION, "AlgorithmSpecification", "TrainingImage", value=image)
    vpc = {"SecurityGroupIds": ["sg-03c0b84cdad91744f"], "Subnets": ["subnet-0bd18cd4df2d0d3b9"]}
    request = changed(request, DEFINITION, "VpcConfig", value=vpc)
    bounds = {"eta": ("0", "1"), "min_child_weight": ("1", "10"), "alpha": ("0", "2")}
    whole = {"num_round": ("0", "100"), "max_depth": ("1", "10")}
    ranges = {
        f"{kind}ParameterRanges": [
            {"Name": name, "MinValue": low, "MaxValue": high, "ScalingType": "Linear"}
            for name, (low, high) in of_kind.items()
        ]
        for kind, of_kind in (("Integer", whole), ("Continuous", bounds))
    }
    return in_a_list(changed(request, CONFIG, "ParameterRanges", value=ranges))


@pytest.fixture(scope="module")
def ended(aws: Aws, recorded: Document) -> Document:
    """The recorded request's tuning job, completed."""
    return aws.run(recorded)


@pytest.fixture(scope="module")
def new(aws: Aws, bucket: str) -> Iterator[Document]:
    """A tuning job whose training jobs do not end, as described right after Create."""
    request = in_a_list(endless(example(bucket)))
    request["Tags"] = [{"Key": "JobTag", "Value": "JobTagValue"}]
    name = aws.create(request)
    yield aws.describe(name)
    aws.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    aws.wait(name, has_ended)


@pytest.fixture(scope="module")
def running(aws: Aws, new: Document) -> Document:
    """The same tuning job with as many training jobs as may run at once."""
    return aws.wait(new["HyperParameterTuningJobName"], lambda job: counted(job, InProgress=3))


@pytest.fixture(scope="module")
def failed(aws: Aws, bucket: str) -> Document:
    """A tuning job whose two training jobs both failed."""
    request = changed(example(bucket), *STATIC, "num_round", value="none")
    limits = {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2}
    return aws.run(in_a_list(changed(request, *LIMITS, value=limits)))


def test_the_recorded_request_trains(ended: Document) -> None:
    """Ranges beyond the recommended ones and all the container's hyperparameters are taken."""
    assert ended["HyperParameterTuningJobStatus"] == "Completed"
    assert counted(ended, Completed=4)


def test_a_new_job_has_nothing_of_what_is_to_come(new: Document) -> None:
    """Best job, end and reason are absent; consumed resources are there from the start."""
    assert new.keys() - {"ResponseMetadata"} == RUNNING
    assert new["HyperParameterTuningJobStatus"] == "InProgress"
    assert new["ConsumedResources"].keys() == {"RuntimeInSeconds"}
    assert new["TuningJobCompletionDetails"] == {"NumberOfTrainingJobsObjectiveNotImproving": 0}
    assert new["TrainingJobStatusCounters"].keys() == set(STATUSES)
    assert new["ObjectiveStatusCounters"].keys() == {"Succeeded", "Pending", "Failed"}


def test_an_arn_has_the_name_and_the_kind(new: Document) -> None:
    """A tuning job's is of its region, an account of twelve digits, and its name."""
    name = new["HyperParameterTuningJobName"]
    arn = rf"arn:aws:sagemaker:us-east-1:\d{{12}}:hyper-parameter-tuning-job/{name}"
    assert re.fullmatch(arn, new["HyperParameterTuningJobArn"])


def test_the_config_gets_no_members(recorded: Document, ended: Document) -> None:
    """A request that says nothing of early stopping is described without it."""
    assert ended[CONFIG] == recorded[CONFIG]
    assert ended[CONFIG].keys() == {"Strategy", "ResourceLimits"}


def test_what_is_added_to_a_definition(recorded: Document, ended: Document) -> None:
    """The objective as a hyperparameter, empty ranges, three flags, defaults of channels."""
    (sent,), (shown,) = recorded["TrainingJobDefinitions"], ended["TrainingJobDefinitions"]
    flags = {
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
    }
    specification = shown["AlgorithmSpecification"]
    assert shown == {
        **sent,
        **flags,
        "StaticHyperParameters": {
            **STATIC_HYPERPARAMETERS,
            "_tuning_objective_metric": "validation:auc",
        },
        "HyperParameterRanges": {**sent["HyperParameterRanges"], "CategoricalParameterRanges": []},
        "AlgorithmSpecification": {
            **sent["AlgorithmSpecification"],
            "MetricDefinitions": specification["MetricDefinitions"],
        },
        "InputDataConfig": [
            {**channel, "RecordWrapperType": "None"} for channel in sent["InputDataConfig"]
        ],
    }


def test_the_metrics_of_xgboost(ended: Document) -> None:
    """Each recorded one is there with its regex; the objective's comes once more, last."""
    (definition,) = ended["TrainingJobDefinitions"]
    metrics = definition["AlgorithmSpecification"]["MetricDefinitions"]
    number = r"([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"
    expected = {
        f"{data}:{metric}": rf".*\[[0-9]+\].*#011{data}-{metric}:{number}.*"
        for data, names in (("train", TRAIN), ("validation", VALIDATION))
        for metric in names.split()
    }
    expected["ObjectiveMetric"] = expected["validation:auc"]
    assert expected.items() <= {each["Name"]: each["Regex"] for each in metrics}.items()
    assert metrics[-1]["Name"] == "ObjectiveMetric"


def test_a_definition_alone_is_completed_alike(aws: Aws, request_document: Document) -> None:
    """TrainingJobDefinition gets what one in a list gets."""
    job = aws.describe(aws.create(request_document))
    sent, shown = request_document[DEFINITION], job[DEFINITION]
    assert shown["StaticHyperParameters"] == {
        **sent["StaticHyperParameters"],
        "_tuning_objective_metric": "validation:auc",
    }
    assert [shown[name] for name in shown if name.startswith("Enable")] == [False, False, False]
    assert shown["AlgorithmSpecification"]["MetricDefinitions"][-1]["Name"] == "ObjectiveMetric"
    for name in ("RoleArn", "ResourceConfig", "StoppingCondition"):
        assert shown[name] == sent[name]


def test_a_running_job_counts_what_runs(running: Document) -> None:
    """As many as may run at once are InProgress, their objectives Pending; no best job yet."""
    assert running.keys() - {"ResponseMetadata"} == RUNNING
    assert running["ObjectiveStatusCounters"] == {"Succeeded": 0, "Pending": 3, "Failed": 0}


def test_a_running_jobs_runtime_goes_on(aws: Aws, running: Document) -> None:
    """Wall-clock seconds up to LastModifiedTime, which moves although no training job ends."""
    job = poll(
        lambda: aws.describe(running["HyperParameterTuningJobName"]),
        lambda job: (
            job["ConsumedResources"]["RuntimeInSeconds"]
            > running["ConsumedResources"]["RuntimeInSeconds"]
        ),
    )
    assert counted(job, InProgress=3)
    assert job["LastModifiedTime"] > running["LastModifiedTime"]
    lived = (job["LastModifiedTime"] - job["CreationTime"]).total_seconds()
    assert job["ConsumedResources"]["RuntimeInSeconds"] == pytest.approx(lived, abs=1)


def test_a_running_jobs_summary(aws: Aws, running: Document) -> None:
    """It has no end, no best training job and none of the request but strategy and limits."""
    (summary,) = aws.sagemaker.list_hyper_parameter_tuning_jobs(
        NameContains=running["HyperParameterTuningJobName"]
    )["HyperParameterTuningJobSummaries"]
    assert summary.keys() == SUMMARY
    assert counted(summary, InProgress=3)
    assert summary["ResourceLimits"] == running[CONFIG]["ResourceLimits"]


def test_tags_are_listed_until_they_are_deleted(aws: Aws, running: Document) -> None:
    """ListTags has them, Describe has not; without tags the list is empty, not absent."""
    arn = running["HyperParameterTuningJobArn"]
    tags = aws.sagemaker.list_tags(ResourceArn=arn)["Tags"]
    assert tags == [{"Key": "JobTag", "Value": "JobTagValue"}]
    aws.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["JobTag"])
    assert aws.sagemaker.list_tags(ResourceArn=arn)["Tags"] == []


def test_a_failed_job_has_a_reason_and_an_end(failed: Document) -> None:
    """It ends with its last change; what failed is not retryable, and so are the objectives."""
    assert failed.keys() - {"ResponseMetadata"} == RUNNING | {
        "HyperParameterTuningEndTime",
        "FailureReason",
    }
    assert failed["HyperParameterTuningJobStatus"] == "Failed"
    assert failed["HyperParameterTuningEndTime"] == failed["LastModifiedTime"]
    assert counted(failed, NonRetryableError=2)
    assert failed["ObjectiveStatusCounters"] == {"Succeeded": 0, "Pending": 0, "Failed": 2}
    assert failed["FailureReason"] == (
        "All training jobs failed. Please take a look at the training jobs failures to get more"
        " details."
    )


def test_a_failed_jobs_summary_has_its_end(aws: Aws, failed: Document) -> None:
    """But not its reason."""
    (summary,) = aws.sagemaker.list_hyper_parameter_tuning_jobs(
        NameContains=failed["HyperParameterTuningJobName"]
    )["HyperParameterTuningJobSummaries"]
    assert summary.keys() == SUMMARY | {"HyperParameterTuningEndTime"}
    assert summary["HyperParameterTuningEndTime"] == failed["HyperParameterTuningEndTime"]


def test_a_completed_job_has_a_best_training_job_and_an_end(ended: Document) -> None:
    """And nothing else that a running one has not."""
    added = {"HyperParameterTuningEndTime", "BestTrainingJob"}
    assert ended.keys() - {"ResponseMetadata"} == RUNNING | added


def test_times_are_of_milliseconds(ended: Document) -> None:
    """No digit beyond is shown."""
    for name in ("CreationTime", "LastModifiedTime", "HyperParameterTuningEndTime"):
        assert ended[name].microsecond % 1000 == 0


def test_the_final_objective_is_a_float_of_32_bits(ended: Document) -> None:
    """The metric's value has been through one, and has a name."""
    metric = ended["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]
    assert metric.keys() == {"MetricName", "Value"}
    assert metric["MetricName"] == "validation:auc"
    assert metric["Value"] == struct.unpack("f", struct.pack("f", metric["Value"]))[0]


def test_training_jobs_are_named_and_numbered_after_the_tuning_job(
    aws: Aws, ended: Document
) -> None:
    """<tuning job>-NNN-<8 hex>, numbered from 001."""
    name = ended["HyperParameterTuningJobName"]
    names = [job["TrainingJobName"] for job in aws.training_jobs(name)]
    assert [re.sub(r"-[0-9a-f]{8}$", "", each) for each in names] == [
        f"{name}-{number:03}" for number in (1, 2, 3, 4)
    ]
