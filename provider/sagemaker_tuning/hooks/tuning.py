"""SageMaker's tuning, training and model calls."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from botocore import xform_name
from botocore.config import Config
from botocore.loaders import Loader

from sagemaker_tuning.core.errors import (
    AwsCallFailed,
    TuningJobConflict,
)
from sagemaker_tuning.core.references import TuningJobReference
from sagemaker_tuning.hooks.failures import explain_failures
from sagemaker_tuning.hooks.translation import THROTTLING_CODES, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from airflow.providers.amazon.aws.utils.connection_wrapper import AwsConnectionWrapper


@cache
def _aws_domains() -> tuple[str, ...]:
    """Give the domains of AWS's endpoints, in every partition that botocore knows."""
    partitions = Loader().load_data("partitions")["partitions"]
    kinds = ("dnsSuffix", "dualStackDnsSuffix")
    return tuple(f".{each['outputs'][kind]}" for each in partitions for kind in kinds)


class SageMakerTuningHook(AwsBaseHook):
    """SageMaker's tuning, training and model calls through an Airflow connection.

    Args:
        aws_conn_id: Airflow connection of type ``aws``. ``"aws_default"`` that is not defined, or
            None, means boto3's own credential chain; any other id must exist.
        region_name: AWS region; the connection's, or boto3's default, if not given.
        verify: As boto3's; the connection's if not given.
        config: botocore's configuration, as ``Config`` or as a mapping of its arguments.
        requires_connection: Whether the connection must exist; by default, whether it has another
            id than ``"aws_default"``.

    Every method that calls AWS raises ``AwsCallFailed``; those that read one resource also
    ``TuningJobNotFound``.

    Example:
        >>> from airflow.sdk import task
        >>> @task
        ... def live_tuning_jobs() -> list[str]:
        ...     hook = SageMakerTuningHook(region_name="eu-west-1")
        ...     jobs = hook.iter_tuning_jobs(status="InProgress")
        ...     return [job["HyperParameterTuningJobName"] for job in jobs]
        >>> names = live_tuning_jobs()
    """

    def __init__(
        self,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,  # noqa: FBT001 -- boto3's own type
        config: Config | dict[str, Any] | None = None,
        *,
        requires_connection: bool | None = None,
    ) -> None:
        super().__init__(
            aws_conn_id=aws_conn_id,
            region_name=region_name,
            verify=verify,
            client_type="sagemaker",
            config=config,
        )
        is_default = aws_conn_id in {None, "", self.default_conn_name}
        self._requires_connection = (
            not is_default if requires_connection is None else requires_connection
        )

    @cached_property
    def conn_config(self) -> AwsConnectionWrapper:
        """The connection's settings.

        Raises:
            AirflowNotFoundException: A connection that was asked for by its id does not exist.
        """
        if self.aws_conn_id and self._requires_connection:
            # The amazon hook would go on with whatever credentials this machine has, perhaps
            # another account's.
            self.get_connection(self.aws_conn_id)
        wrapper: AwsConnectionWrapper = super().conn_config
        return wrapper

    @property
    def has_connection(self) -> bool:
        """Whether the settings come from a connection, not from boto3's own credential chain."""
        return bool(self.conn_config.conn_id)

    @cached_property
    def _create_client(self) -> Any:
        """Give a client that never repeats a call by itself.

        A Create that is repeated behind our back answers ResourceInUse for our own job.
        """
        config = self.config.merge(Config(retries={"total_max_attempts": 1}))
        return self.get_client_type(config=config)

    def create_tuning_job(self, request: Mapping[str, Any]) -> str:
        """Call CreateHyperParameterTuningJob once, never twice.

        Args:
            request: The call's arguments, with AWS's own keys.

        Returns:
            The tuning job's ARN.
        """
        operation = "CreateHyperParameterTuningJob"
        answer = self._call(operation, request, repeats=False)
        return str(answer["HyperParameterTuningJobArn"])

    def describe_tuning_job(self, name_or_arn: str) -> dict[str, Any]:
        """Call DescribeHyperParameterTuningJob.

        Raises:
            TuningJobConflict: An ARN was given, and the connection reaches another account or
                region.
        """
        reference = TuningJobReference.of(name_or_arn)
        answer = self._call(
            "DescribeHyperParameterTuningJob", {"HyperParameterTuningJobName": reference.name}
        )
        if not reference.is_arn_of(answer):
            msg = (
                f"{reference.arn} was asked for, but the connection reaches "
                f"{answer['HyperParameterTuningJobArn']}: give a connection of that account and "
                "region"
            )
            raise TuningJobConflict(msg)
        return answer

    def iter_tuning_jobs(self, *, status: str) -> Iterator[dict[str, Any]]:
        """Give the summaries of the account's tuning jobs of a status, oldest first."""
        request = {"StatusEquals": status, "SortBy": "CreationTime", "SortOrder": "Ascending"}
        for page in self._pages("ListHyperParameterTuningJobs", request):
            yield from page["HyperParameterTuningJobSummaries"]

    def live_tuning_jobs(self, next_token: str | None = None) -> dict[str, Any]:
        """Give a page of up to 100 summaries of the tuning jobs in progress, newest first.

        Args:
            next_token: ``NextToken`` of the page before; None for the first.
        """
        request: dict[str, Any] = {
            "StatusEquals": "InProgress",
            "SortBy": "CreationTime",
            "SortOrder": "Descending",
            "MaxResults": 100,
        }
        if next_token is not None:
            request["NextToken"] = next_token
        return self._call("ListHyperParameterTuningJobs", request)

    def iter_tuning_jobs_of_name(
        self, contained: str, *, created_before: datetime
    ) -> Iterator[dict[str, Any]]:
        """Give the summaries of tuning jobs whose names contain something, newest first."""
        request: dict[str, Any] = {
            "CreationTimeBefore": created_before,
            "SortBy": "CreationTime",
            "SortOrder": "Descending",
            "PaginationConfig": {"PageSize": 100},
        }
        if contained:
            request["NameContains"] = contained
        for page in self._pages("ListHyperParameterTuningJobs", request):
            yield from page["HyperParameterTuningJobSummaries"]

    def stop_tuning_job(self, name_or_arn: str) -> None:
        """Call StopHyperParameterTuningJob; a job that has ended already is left as it is."""
        reference = TuningJobReference.of(name_or_arn)
        if reference.arn is not None:
            self.describe_tuning_job(name_or_arn)
        name = reference.name
        try:
            self._call("StopHyperParameterTuningJob", {"HyperParameterTuningJobName": name})
        except AwsCallFailed:
            # AWS refuses to stop an ended job; which refusal it was, only its status can tell.
            status = self.describe_tuning_job(name)["HyperParameterTuningJobStatus"]
            if status == "InProgress":
                raise

    def iter_training_jobs(
        self, tuning_job_name: str, status: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Give the summaries of training jobs, of one status or of all, oldest first."""
        request: dict[str, Any] = {
            "HyperParameterTuningJobName": tuning_job_name,
            "SortBy": "CreationTime",
            "SortOrder": "Ascending",
            "PaginationConfig": {"PageSize": 100},
        }
        if status is not None:
            request["StatusEquals"] = status
        for page in self._pages("ListTrainingJobsForHyperParameterTuningJob", request):
            yield from page["TrainingJobSummaries"]

    def training_jobs_by_now(self, tuning_job_name: str) -> tuple[list[dict[str, Any]], datetime]:
        """Give the summaries of all training jobs, and the time by the service's own clock."""
        request = {
            "HyperParameterTuningJobName": tuning_job_name,
            "PaginationConfig": {"PageSize": 100},
        }
        now = datetime.now(UTC)
        found: list[dict[str, Any]] = []
        for page in self._pages("ListTrainingJobsForHyperParameterTuningJob", request):
            found += page["TrainingJobSummaries"]
            date = page["ResponseMetadata"]["HTTPHeaders"].get("date")
            now = parsedate_to_datetime(date) if date else datetime.now(UTC)
        return found, now

    def failure_digest(self, tuning_job_name: str) -> str:
        """Say in at most 40 lines why a tuning job's training jobs failed; empty if none did.

        Never raises: what is being explained must not be hidden by it.
        """
        return explain_failures(self, tuning_job_name)

    def describe_training_job(self, name: str) -> dict[str, Any]:
        """Call DescribeTrainingJob."""
        return self._call("DescribeTrainingJob", {"TrainingJobName": name})

    def list_tags(self, arn: str) -> dict[str, str]:
        """Give all tags of a resource."""
        pages = self._pages("ListTags", {"ResourceArn": arn})
        return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}

    def create_model(self, request: Mapping[str, Any]) -> str:
        """Call CreateModel.

        Returns:
            The model's ARN.
        """
        return str(self._call("CreateModel", request)["ModelArn"])

    def describe_model(self, name: str) -> dict[str, Any]:
        """Call DescribeModel."""
        return self._call("DescribeModel", {"ModelName": name})

    def tell_of_throttling(self, tell: Callable[[], None]) -> None:
        """Have it called whenever AWS throttles a call, one that botocore repeats by itself too."""

        def look(response: tuple[Any, dict[str, Any]] | None, **_: Any) -> None:
            code = response[1].get("Error", {}).get("Code") if response else None
            if code in THROTTLING_CODES:
                tell()

        self.conn.meta.events.register("needs-retry.sagemaker", look)

    @property
    def is_local(self) -> bool:
        """Whether calls go to an endpoint that is not AWS's own."""
        host = urlsplit(self.conn.meta.endpoint_url).hostname or ""
        return not host.endswith(_aws_domains())

    def _call(
        self, operation: str, request: Mapping[str, Any], *, repeats: bool = True
    ) -> dict[str, Any]:
        with translated(operation, request):
            client = self.conn if repeats else self._create_client
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**request)
        answer.pop("ResponseMetadata", None)
        return answer

    def _pages(self, operation: str, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        with translated(operation, request):
            yield from self.conn.get_paginator(xform_name(operation)).paginate(**request)
