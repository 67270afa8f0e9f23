"""Links to the SageMaker console."""

from __future__ import annotations

from airflow.providers.amazon.aws.links.base_aws import BASE_AWS_CONSOLE_LINK, BaseAwsLink


class TuningJobLink(BaseAwsLink):
    """The tuning job's page in the console."""

    name = "SageMaker tuning job"
    key = "sagemaker_tuning_job"
    format_str = (
        BASE_AWS_CONSOLE_LINK
        + "/sagemaker/home?region={region_name}#/hyper-tuning-jobs/{tuning_job_name}"
    )
