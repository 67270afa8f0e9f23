"""Links to the SageMaker console."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperatorLink
from airflow.sdk.execution_time.xcom import XCom

from sagemaker_tuning.core.console import CONSOLES

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context
    from airflow.sdk.types import TaskInstanceKey

log = logging.getLogger(__name__)


class ConsoleLink(BaseOperatorLink):
    """A page of the console, in the partition of the connection's region.

    There is none for what is on a local endpoint, which has no pages, and none in partitions whose
    console has no public address; the button in Airflow's UI is then without effect.
    """

    key: ClassVar[str]
    page: ClassVar[str]

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
            if operator.do_xcom_push:
                meta = client.meta
                known = {"console": CONSOLES.get(meta.partition), "region_name": meta.region_name}
                context["ti"].xcom_push(key=cls.key, value=known | names)
        except Exception:
            log.warning("The link to %s could not be kept", names, exc_info=True)

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002 -- Airflow calls it so
        """Give the page's address; empty where it has none, or is not known."""
        try:
            return self.format_link(**(XCom.get_value(key=self.key, ti_key=ti_key) or {}))
        except Exception:
            log.debug("The link %s could not be made", self.name, exc_info=True)
            return ""

    def format_link(self, **kept: Any) -> str:
        """Give the page's address; empty where it has none."""
        if not kept.get("console"):
            return ""
        home = "https://{console}/sagemaker/home?region={region_name}#"
        return (home + self.page).format(**kept)


class TuningJobLink(ConsoleLink):
    """The tuning job's page in the console."""

    name = "SageMaker tuning job"
    key = "sagemaker_tuning_job"
    page = "/hyper-tuning-jobs/{tuning_job_name}"


class BestTrainingJobLink(ConsoleLink):
    """The page of a tuning job's best training job in the console."""

    name = "SageMaker best training job"
    key = "sagemaker_best_training_job"
    page = "/jobs/{training_job_name}"


class ModelLink(ConsoleLink):
    """The model's page in the console."""

    name = "SageMaker model"
    key = "sagemaker_model"
    page = "/models/{model_name}"


class EndpointLink(ConsoleLink):
    """The endpoint's page in the console."""

    name = "SageMaker endpoint"
    key = "sagemaker_endpoint"
    page = "/endpoints/{endpoint_name}"
