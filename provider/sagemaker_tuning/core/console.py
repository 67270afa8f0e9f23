"""Pages of the SageMaker console."""

from __future__ import annotations

CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
"""Hosts by partition."""


def training_job_url(arn: str) -> str | None:
    """Give the page of a training job; None in a partition whose console is not known.

    Args:
        arn: ``TrainingJobArn``.
    """
    _, partition, _, region, _, resource = arn.split(":", 5)
    if partition not in CONSOLES:
        return None
    name = resource.partition("/")[2]
    return f"https://{CONSOLES[partition]}/sagemaker/home?region={region}#/jobs/{name}"
