"""Links to the SageMaker console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.providers.amazon.aws.links.base_aws import BASE_AWS_CONSOLE_LINK, BaseAwsLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context

    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook


class TuningJobLink(BaseAwsLink):
    """The tuning job's page in the console."""

    name = "SageMaker tuning job"
    key = "sagemaker_tuning_job"
    format_str = (
        BASE_AWS_CONSOLE_LINK
        + "/sagemaker/home?region={region_name}#/hyper-tuning-jobs/{tuning_job_name}"
    )

    @classmethod
    def remember(
        cls, context: Context, operator: BaseOperator, hook: SageMakerTuningHook, name: str
    ) -> None:
        """Keep where the tuning job is shown; nowhere, if it is not on AWS itself."""
        if hook.is_local:
            # Airflow asks for the value of every link, and logs an error if there is none.
            context["ti"].xcom_push(key=cls.key, value={})
            return
        meta = hook.conn.meta
        cls.persist(context, operator, meta.region_name, meta.partition, tuning_job_name=name)
