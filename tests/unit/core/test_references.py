"""How a user names an existing tuning job."""

from __future__ import annotations

import pytest

from sagemaker_tuning.core.errors import InvalidTuningRequest
from sagemaker_tuning.core.references import TuningJobReference

_ARN = "arn:aws-cn:sagemaker:cn-north-1:123456789012:hyper-parameter-tuning-job/My-Job"


def test_an_arn_names_a_job_of_one_account() -> None:
    """The name is its last part; another account's job of that name is another one."""
    reference = TuningJobReference.of(_ARN)
    assert reference == TuningJobReference("My-Job", _ARN)
    # AWS writes names in ARNs in small letters.
    assert reference.is_arn_of({"HyperParameterTuningJobArn": _ARN.lower()})
    other = _ARN.replace("123456789012", "210987654321")
    assert not reference.is_arn_of({"HyperParameterTuningJobArn": other})


def test_a_name_is_a_job_of_whichever_account() -> None:
    """There is nothing to compare."""
    reference = TuningJobReference.of("My-Job")
    assert reference == TuningJobReference("My-Job")
    assert reference.is_arn_of({"HyperParameterTuningJobArn": _ARN})


@pytest.mark.parametrize(
    "given",
    ["", "arn:", "arn:aws:s3:::bucket", _ARN.replace("hyper-parameter-tuning-job", "training-job")],
)
def test_what_is_no_tuning_job_is_refused(given: str) -> None:
    """The message has what was given and what would be right."""
    with pytest.raises(InvalidTuningRequest, match="hyper-parameter-tuning-job/<name>") as refused:
        TuningJobReference.of(given)
    assert repr(given) in str(refused.value)
