"""What a model package says of itself, and what AWS allows to be said of it."""

from __future__ import annotations

from typing import get_args

import pytest

from sagemaker_tuning.core import shapes
from sagemaker_tuning.core.errors import InvalidTuningRequest
from sagemaker_tuning.core.model_packages import (
    ApprovalStatus,
    PackageObjective,
    check_approval_status,
    description_text,
    failure_of,
    objective_of,
    training_job_of,
)

_KEY = "sagemaker-tuning:objective"


def _package(**metadata: str) -> dict[str, dict[str, str]]:
    named = {f"{_KEY}_{key}": value for key, value in metadata.items()}
    return {"CustomerMetadataProperties": named}


def test_the_objective_is_read_back() -> None:
    """As float, as it was written."""
    package = _package(metric="validation:rmse", type="Minimize", value="1e-05")
    assert objective_of(package) == PackageObjective("validation:rmse", "Minimize", 1e-05)
    without = _package(metric="validation:rmse", type="Minimize")
    assert objective_of(without) == PackageObjective("validation:rmse", "Minimize", None)


def test_what_nobody_wrote_is_none() -> None:
    """Of packages that others registered, or whose tuning job was gone."""
    assert objective_of({}) is None
    assert objective_of(_package(metric="validation:rmse", value="1")) is None
    assert training_job_of({}) is None
    assert training_job_of({"CustomerMetadataProperties": {"team": "x"}}) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        (" two\r\n\tlines\x00 ", "two lines"),
        ("ü" * 1024, "ü" * 1024),
        ("x" * 1025, "x" * 1023 + "…"),
        ("x" * 1022 + " yz", "x" * 1022 + "…"),
    ],
)
def test_a_description_is_one_line_of_bounded_length(text: str, line: str) -> None:
    """AWS counts characters, and takes no control characters."""
    assert description_text(text) == line


def test_statuses_are_those_of_the_service() -> None:
    """By botocore's model; in other letters they are none."""
    known = shapes.input_shape("UpdateModelPackage").members["ModelApprovalStatus"]
    assert set(get_args(ApprovalStatus)) == set(known.metadata["enum"])
    for status in get_args(ApprovalStatus):
        check_approval_status(status)
    with pytest.raises(InvalidTuningRequest, match="approval_status: 'APPROVED': one of Approved"):
        check_approval_status("APPROVED")


def test_why_a_package_failed() -> None:
    """Whichever of AWS's steps it was; it may say nothing."""
    details = {
        "ValidationStatuses": [
            {"Name": "first", "Status": "Completed"},
            {"Name": "second", "Status": "Failed", "FailureReason": "no artifact"},
        ],
        "ImageScanStatuses": [{"Name": "image", "Status": "Failed"}],
    }
    said = failure_of({"ModelPackageStatusDetails": details})
    assert said == "second: no artifact; image: no reason given"
    assert failure_of({}) == "AWS says no more"
