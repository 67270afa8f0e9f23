"""Warm start: what is learned from parents, what is shown, and which parents will not do."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws import Aws, Document
from tests.contract.examples import (
    CONFIG,
    DEFINITION,
    LIMITS,
    STATIC,
    changed,
    channel,
    endless,
    example,
)

RANGES = (CONFIG, "ParameterRanges")


def warm(request: Document, *parents: str, kind: str = "IdenticalDataAndAlgorithm") -> Document:
    return {
        **request,
        "WarmStartConfig": {
            "ParentHyperParameterTuningJobs": [
                {"HyperParameterTuningJobName": name} for name in parents
            ],
            "WarmStartType": kind,
        },
    }


@pytest.fixture(scope="module")
def parent(aws: Aws, bucket: str) -> Document:
    """A tuning job of four training jobs."""
    return aws.run(example(bucket))


@pytest.mark.parametrize("strategy", ["Bayesian", "Random"])
@pytest.mark.parametrize("kind", ["IdenticalDataAndAlgorithm", "TransferLearning"])
def test_the_new_job_runs_and_shows_the_warm_start(
    aws: Aws, request_document: Document, parent: Document, strategy: str, kind: str
) -> None:
    """Both strategies, both types; ranges and numbers may differ from the parent's."""
    request = changed(request_document, CONFIG, "Strategy", value=strategy)
    request = changed(request, *RANGES, "IntegerParameterRanges", 0, "MaxValue", value="5")
    request = changed(request, *LIMITS, "MaxNumberOfTrainingJobs", value=2)
    request = warm(request, parent["HyperParameterTuningJobName"], kind=kind)
    job = aws.run(request)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["WarmStartConfig"] == request["WarmStartConfig"]


def other_metric(request: Document) -> Document:
    objective = {"MetricName": "validation:logloss", "Type": "Minimize"}
    return changed(request, CONFIG, "HyperParameterTuningJobObjective", value=objective)


def other_type(request: Document) -> Document:
    request = changed(request, *RANGES, "IntegerParameterRanges", value=[])
    depth = {"Name": "max_depth", "Values": ["1", "2"]}
    return changed(request, *RANGES, "CategoricalParameterRanges", value=[depth])


def other_names(request: Document) -> Document:
    return changed(request, *STATIC, "gamma", value="1")


def other_image(request: Document) -> Document:
    image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.5-1"
    return changed(request, DEFINITION, "AlgorithmSpecification", "TrainingImage", value=image)


def other_data(request: Document) -> Document:
    train = request[DEFINITION]["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"]
    return changed(request, DEFINITION, "InputDataConfig", value=[channel("train", train)])


def grid(request: Document) -> Document:
    request = changed(request, CONFIG, "Strategy", value="Grid")
    eta = {"CategoricalParameterRanges": [{"Name": "eta", "Values": ["0.1", "0.2", "0.3", "0.4"]}]}
    return changed(request, *RANGES, value=eta)


REFUSED: dict[str, tuple[Callable[[Document], Document], str]] = {
    "another objective metric": (other_metric, "HyperParameterTuningJobObjective.MetricName"),
    "another type of a hyperparameter": (other_type, "The hyperparameter max_depth is in"),
    "other names": (
        other_names,
        (
            "The set of tunable plus static HyperParameter names is not the same across current"
            " and parent tuning jobs."
        ),
    ),
    "another image": (other_image, "AlgorithmSpecification.TrainingImage is"),
    "other data": (other_data, "InputDataConfig is"),
    "a grid": (grid, "WarmStartConfig goes with strategy Bayesian or Random"),
}


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_what_must_be_as_in_the_parent_is_refused_otherwise(
    aws: Aws,
    request_document: Document,
    parent: Document,
    change: Callable[[Document], Document],
    message: str,
) -> None:
    """ValidationException that names the field and both values."""
    request = warm(change(request_document), parent["HyperParameterTuningJobName"])
    with pytest.raises(ClientError) as caught:
        aws.create(request)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert message in caught.value.response["Error"]["Message"]


def test_transfer_learning_takes_other_data_and_another_image(
    aws: Aws, request_document: Document, parent: Document
) -> None:
    """That is what it is for."""
    request = other_data(other_image(request_document))
    # Without a validation channel nothing would have an objective; it need not run.
    name = aws.create(warm(request, parent["HyperParameterTuningJobName"], kind="TransferLearning"))
    aws.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)


def test_a_parent_must_exist_and_have_ended(aws: Aws, request_document: Document) -> None:
    """Each refused with its place in the list."""
    with pytest.raises(ClientError, match=r"Jobs\.1: .* can't find a tuning job called nobody"):
        aws.create(warm(request_document, "nobody"))
    running = aws.create(endless(request_document))
    child = {**request_document, "HyperParameterTuningJobName": "child-of-a-running-job"}
    with pytest.raises(ClientError, match=r"is in status InProgress. A parent must be in a termin"):
        aws.create(warm(child, running))
    aws.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=running)


def test_ten_changes_are_enough(aws: Aws, request_document: Document, bucket: str) -> None:
    """Each value of a categorical hyperparameter that becomes static counts."""
    values = [str(number) for number in range(11)]
    depth = [{"Name": "max_depth", "Values": values}]
    first = changed(example(bucket), *RANGES, "IntegerParameterRanges", value=[])
    first = changed(first, *RANGES, "CategoricalParameterRanges", value=depth)
    first = changed(first, *LIMITS, "MaxNumberOfTrainingJobs", value=1)
    done = aws.run(first)
    request = changed(request_document, *RANGES, "IntegerParameterRanges", value=[])
    request = changed(request, *STATIC, "max_depth", value="3")
    with pytest.raises(ClientError, match=r"has 11 changes from tunable to static.* can be 10"):
        aws.create(warm(request, done["HyperParameterTuningJobName"]))


def test_the_parents_training_jobs_count(
    aws: Aws, request_document: Document, parent: Document
) -> None:
    """Against the quota of training jobs of one tuning job."""
    request = changed(request_document, *LIMITS, "MaxNumberOfTrainingJobs", value=747)
    with pytest.raises(ClientError, match=r"ResourceLimitExceeded.*its parents have launched 4"):
        aws.create(warm(request, parent["HyperParameterTuningJobName"]))


def test_the_overall_best_is_a_parents_while_it_is_better(
    aws: Aws, request_document: Document, parent: Document
) -> None:
    """IdenticalDataAndAlgorithm only; its summary names the tuning job that it is of."""
    request = changed(request_document, *LIMITS, "MaxNumberOfTrainingJobs", value=1)
    # Trees of a single leaf after one round learn next to nothing.
    request = changed(request, *STATIC, "num_round", value="1")
    integers = [{"Name": "max_depth", "MinValue": "1", "MaxValue": "1"}]
    request = changed(request, *RANGES, "IntegerParameterRanges", value=integers)
    job = aws.run(warm(request, parent["HyperParameterTuningJobName"]))
    overall = job["OverallBestTrainingJob"]
    assert overall["TuningJobName"] == parent["HyperParameterTuningJobName"]
    assert overall["TrainingJobName"] == parent["BestTrainingJob"]["TrainingJobName"]
    assert job["BestTrainingJob"]["TrainingJobName"] != overall["TrainingJobName"]
    assert "OverallBestTrainingJob" not in parent
