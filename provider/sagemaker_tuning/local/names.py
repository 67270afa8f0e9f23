"""Names and ARNs of tuning and training jobs."""

import secrets

ACCOUNT_ID = "123456789012"
"""The one account of the endpoint, which the command makes moto's too."""


def tuning_job_arn(region: str, name: str) -> str:
    """As AWS forms it, from the name as it was given at Create."""
    return f"arn:aws:sagemaker:{region}:{ACCOUNT_ID}:hyper-parameter-tuning-job/{name}"


def training_job_arn(region: str, name: str) -> str:
    """As AWS forms it."""
    return f"arn:aws:sagemaker:{region}:{ACCOUNT_ID}:training-job/{name}"


def training_job_name(tuning_job: str, number: int) -> str:
    """`<tuning job>-NNN-<8 hex>`, numbered from 1; more digits from the thousandth on."""
    return f"{tuning_job}-{number:03}-{secrets.token_hex(4)}"


def training_job_number(name: str) -> int:
    """The number in a training job's name."""
    return int(name.rsplit("-", 2)[1])
