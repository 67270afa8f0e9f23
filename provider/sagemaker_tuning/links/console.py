"""Links to the SageMaker console."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.links.base_aws import BASE_AWS_CONSOLE_LINK, BaseAwsLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context

log = logging.getLogger(__name__)

_HOME = BASE_AWS_CONSOLE_LINK + "/sagemaker/home?region={region_name}#"


class ConsoleLink(BaseAwsLink):
    """A page of the console, in the partition of the connection's region.

    There is none for what is on a local endpoint, which has no pages, and none in partitions whose
    console has no public address; the button in Airflow's UI is then without effect.
    """

    @classmethod
    def keep(
        cls,
        context: Context,
        operator: BaseOperator,
        client: Any,
        *,
        is_local: bool,
        **names: str,
    ) -> None:
        """Keep what the link needs; never fails the task, whose work is done.

        Args:
            context: Of the task instance.
            operator: Whose link it is.
            client: The boto3 client that the resource was reached by.
            is_local: Whether it is on an endpoint that is not AWS's.
            names: What the resource is called, under the link's own keys.
        """
        try:
            if is_local:
                # Airflow asks for the value of every link, and logs an error if there is none.
                context["ti"].xcom_push(key=cls.key, value={})
                return
            meta = client.meta
            cls.persist(context, operator, meta.region_name, meta.partition, **names)
        except Exception:
            log.warning("The link to %s could not be kept", names, exc_info=True)

    def format_link(self, **kwargs: Any) -> str:
        """Give the page's address; empty where it has none."""
        if not kwargs.get("aws_domain"):
            return ""
        return str(super().format_link(**kwargs))


class TuningJobLink(ConsoleLink):
    """The tuning job's page in the console."""

    name = "SageMaker tuning job"
    key = "sagemaker_tuning_job"
    format_str = _HOME + "/hyper-tuning-jobs/{tuning_job_name}"


class BestTrainingJobLink(ConsoleLink):
    """The page of a tuning job's best training job in the console."""

    name = "SageMaker best training job"
    key = "sagemaker_best_training_job"
    format_str = _HOME + "/jobs/{training_job_name}"


class ModelLink(ConsoleLink):
    """The model's page in the console."""

    name = "SageMaker model"
    key = "sagemaker_model"
    format_str = _HOME + "/models/{model_name}"


class EndpointLink(ConsoleLink):
    """The endpoint's page in the console."""

    name = "SageMaker endpoint"
    key = "sagemaker_endpoint"
    format_str = _HOME + "/endpoints/{endpoint_name}"
