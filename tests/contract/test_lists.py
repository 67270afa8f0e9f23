"""Lists: pages, filters and orders, as the service model has them."""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws import Aws, Document
from tests.contract.examples import LIMITS, changed, example


@pytest.fixture(scope="module")
def prefix(aws: Aws, bucket: str) -> str:
    """What the names of three completed tuning jobs, created in the order c, a, b, begin with."""
    prefix = f"list-{uuid.uuid4().hex[:8]}-"
    for letter in "cab":
        request = changed(example(bucket), *LIMITS, "MaxNumberOfTrainingJobs", value=2)
        aws.run({**request, "HyperParameterTuningJobName": prefix + letter})
    return prefix


def listed(aws: Aws, prefix: str, **arguments: Any) -> list[str]:
    jobs = aws.sagemaker.list_hyper_parameter_tuning_jobs(NameContains=prefix, **arguments)
    return [
        job["HyperParameterTuningJobName"].removeprefix(prefix)
        for job in jobs["HyperParameterTuningJobSummaries"]
    ]


def test_tuning_jobs_come_by_name_unless_asked_otherwise(aws: Aws, prefix: str) -> None:
    """The default order is by name; creation time and both directions can be asked for."""
    assert listed(aws, prefix) == ["a", "b", "c"]
    assert listed(aws, prefix, SortOrder="Descending") == ["c", "b", "a"]
    assert listed(aws, prefix, SortBy="CreationTime") == ["c", "a", "b"]
    assert listed(aws, prefix, SortBy="Status", SortOrder="Descending") == ["c", "b", "a"]


def test_filters_leave_out_what_does_not_match(aws: Aws, prefix: str) -> None:
    """By status, by name whatever the case, by times on either side."""
    middle = aws.describe(f"{prefix}a")
    assert listed(aws, prefix, StatusEquals="Completed") == ["a", "b", "c"]
    assert listed(aws, prefix, StatusEquals="InProgress") == []
    assert listed(aws, prefix.upper() + "A") != []
    assert listed(aws, prefix, CreationTimeAfter=middle["CreationTime"]) == ["b"]
    assert listed(aws, prefix, CreationTimeBefore=middle["CreationTime"]) == ["c"]
    assert listed(aws, prefix, LastModifiedTimeAfter=middle["LastModifiedTime"]) == ["b"]
    assert listed(aws, prefix, LastModifiedTimeBefore=middle["LastModifiedTime"]) == ["c"]


def test_summaries_have_the_recorded_fields(aws: Aws, prefix: str) -> None:
    """Recorded: both counters and the limits, no best training job and no reason."""
    (job,) = aws.sagemaker.list_hyper_parameter_tuning_jobs(NameContains=f"{prefix}a")[
        "HyperParameterTuningJobSummaries"
    ]
    assert job.keys() == {
        "HyperParameterTuningJobName",
        "HyperParameterTuningJobArn",
        "HyperParameterTuningJobStatus",
        "Strategy",
        "CreationTime",
        "HyperParameterTuningEndTime",
        "LastModifiedTime",
        "TrainingJobStatusCounters",
        "ObjectiveStatusCounters",
        "ResourceLimits",
    }


@pytest.mark.parametrize("order", ["Ascending", "Descending"])
@pytest.mark.parametrize("sort_by", ["Name", "CreationTime", "Status"])
def test_pages_hold_every_job_once(aws: Aws, prefix: str, sort_by: str, order: str) -> None:
    """Page after page of one gives what one page of all gives, in every order."""
    arguments = {"SortBy": sort_by, "SortOrder": order, "NameContains": prefix}
    pages = aws.sagemaker.get_paginator("list_hyper_parameter_tuning_jobs").paginate(
        PaginationConfig={"PageSize": 1}, **arguments
    )
    sizes, names = [], []
    for page in pages:
        jobs = page["HyperParameterTuningJobSummaries"]
        sizes.append(len(jobs))
        names += [job["HyperParameterTuningJobName"].removeprefix(prefix) for job in jobs]
    assert sizes == [1, 1, 1]
    del arguments["NameContains"]
    assert names == listed(aws, prefix, **arguments)


def test_a_page_has_ten_jobs_unless_asked_otherwise(aws: Aws, bucket: str) -> None:
    """MaxResults is 10 by default, for the training jobs of a tuning job too."""
    job = aws.run(changed(example(bucket), *LIMITS, "MaxNumberOfTrainingJobs", value=12))
    name = job["HyperParameterTuningJobName"]
    listing = aws.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job
    first = listing(HyperParameterTuningJobName=name)
    assert len(first["TrainingJobSummaries"]) == 10
    second = listing(HyperParameterTuningJobName=name, NextToken=first["NextToken"])
    assert len(second["TrainingJobSummaries"]) == 2
    assert "NextToken" not in second


def test_training_jobs_come_by_objective(aws: Aws, completed: Document) -> None:
    """FinalObjectiveMetricValue, best first, begins with BestTrainingJob."""
    jobs = aws.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=completed["HyperParameterTuningJobName"],
        SortBy="FinalObjectiveMetricValue",
        SortOrder="Descending",
    )["TrainingJobSummaries"]
    values = [job["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for job in jobs]
    assert values == sorted(values, reverse=True)
    assert jobs[0] == completed["BestTrainingJob"]


def test_all_training_jobs_are_listed_by_creation(aws: Aws, completed: Document) -> None:
    """ListTrainingJobs knows those of tuning jobs, the oldest first."""
    name = completed["HyperParameterTuningJobName"]
    jobs = aws.sagemaker.list_training_jobs(NameContains=name)["TrainingJobSummaries"]
    assert len(jobs) == 4
    times = [job["CreationTime"] for job in jobs]
    assert times == sorted(times)
    assert {job["TrainingJobStatus"] for job in jobs} == {"Completed"}


@pytest.mark.parametrize("token", ["nonsense", "WzEsMl0=", "bnVsbA==", "W1tb" * 2000])
def test_a_token_that_no_page_gave_is_refused(aws: Aws, token: str) -> None:
    """Not base64, not a position, not JSON, nested too deeply: one clear error each."""
    with pytest.raises(ClientError, match=r"\(ValidationException\).*Invalid NextToken"):
        aws.sagemaker.list_training_jobs(NextToken=token)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"StatusEquals": "Completed"}, [0, 1, 2, 3]),
        ({"StatusEquals": "Failed"}, []),
        ({"SortOrder": "Descending"}, [3, 2, 1, 0]),
        ({"SortBy": "Name", "SortOrder": "Descending"}, [3, 2, 1, 0]),
        ({"SortBy": "Status"}, [0, 1, 2, 3]),
        ({"WarmPoolStatusEquals": "Available"}, []),
        ({"CreationTimeAfter": 0}, [0, 1, 2, 3]),
        ({"CreationTimeBefore": 0}, []),
        ({"LastModifiedTimeAfter": 0}, [0, 1, 2, 3]),
        ({"LastModifiedTimeBefore": 0}, []),
    ],
)
def test_training_jobs_are_filtered_and_ordered(
    aws: Aws, completed: Document, arguments: Document, found: list[int]
) -> None:
    """Every member of ListTrainingJobs is heeded; no training job here has a warm pool."""
    prefix = completed["HyperParameterTuningJobName"]
    jobs = aws.sagemaker.list_training_jobs(NameContains=prefix, **arguments)
    numbers = [
        int(job["TrainingJobName"].removeprefix(prefix).split("-")[1]) - 1
        for job in jobs["TrainingJobSummaries"]
    ]
    assert numbers == found


def test_a_tuning_jobs_training_jobs_are_filtered_by_status(aws: Aws, completed: Document) -> None:
    """StatusEquals leaves out the others."""
    name = completed["HyperParameterTuningJobName"]
    listing = aws.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job
    for status, count in (("Completed", 4), ("Stopped", 0)):
        jobs = listing(HyperParameterTuningJobName=name, StatusEquals=status)
        assert len(jobs["TrainingJobSummaries"]) == count
