"""What the amazon provider's ``AwsBaseOperator`` gives its operators, without loading boto3."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk import BaseOperator

from sagemaker_tuning.hooks import tuning

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

HookT = TypeVar("HookT", bound="SageMakerTuningHook")


def aws_template_fields(*names: str) -> tuple[str, ...]:
    """Give the template fields of an operator: its own, and those that all have; in order."""
    return tuple(sorted({"aws_conn_id", "region_name", "verify", *names}))


def hook_of(kind: Callable[[], type[HookT]]) -> cached_property[HookT]:
    """Give an operator's ``hook``: made when it is first asked for, and its class only loaded then.

    Args:
        kind: Gives the class.
    """

    def hook(task: CallsAws) -> HookT:
        return kind()(
            aws_conn_id=task.aws_conn_id,
            region_name=task.region_name,
            verify=task.verify,
            config=task.botocore_config,
        )

    return cached_property(hook)


class CallsAws(BaseOperator):
    """An operator, or a sensor, that calls AWS.

    Args:
        aws_conn_id: As the hook's, and so are the next two.
        region_name: ...
        verify: ...
        botocore_config: botocore's configuration, as a mapping of its arguments.
    """

    template_fields: Sequence[str] = aws_template_fields()
    hook = hook_of(lambda: tuning.SageMakerTuningHook)

    def __init__(
        self,
        *,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config
