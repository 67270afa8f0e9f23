"""Pages of the SageMaker console."""

import pytest

from sagemaker_tuning.core.console import training_job_url


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "eu-west-1", "console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "console.amazonaws-us-gov.com"),
    ],
)
def test_a_training_job_has_a_page_in_its_own_partition(
    partition: str, region: str, host: str
) -> None:
    """Console, region and name all follow from the ARN."""
    arn = f"arn:{partition}:sagemaker:{region}:123456789012:training-job/churn-001-0a1b2c3d"
    page = f"https://{host}/sagemaker/home?region={region}#/jobs/churn-001-0a1b2c3d"
    assert training_job_url(arn) == page


def test_an_unknown_partition_has_no_page() -> None:
    """No link is better than one that leads nowhere."""
    assert training_job_url("arn:aws-iso:sagemaker:us-iso-east-1:1:training-job/a") is None
