"""Which launch a try of a task is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.launch_request import LaunchRequest
from sagemaker_tuning.core.naming import LaunchIdentity, launch_epoch
from sagemaker_tuning.hooks.namespace import namespace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context

    from sagemaker_tuning.core.adoption import AdoptionPolicy


def launch_identity(context: Context) -> LaunchIdentity:
    """Read from the context which task instance of which deployment this is."""
    ti = context["ti"]
    return LaunchIdentity(
        namespace=namespace(),
        dag_id=ti.dag_id,
        run_id=ti.run_id,
        task_id=ti.task_id,
        map_index=-1 if ti.map_index is None else ti.map_index,
    )


def launch_request(
    context: Context,
    *,
    retries: int,
    document: Mapping[str, Any],
    chosen_name: str | None,
    policy: AdoptionPolicy,
) -> LaunchRequest:
    """Read from the context who launches; see ``LaunchRequest`` for the rest.

    Args:
        context: Of the try.
        retries: The task's ``retries``.
        document: As ``LaunchRequest``'s, and so are the next two.
        chosen_name: ...
        policy: ...
    """
    ti = context["ti"]
    epoch = launch_epoch(max_tries=ti.max_tries, retries=retries, try_number=ti.try_number)
    return LaunchRequest(
        identity=launch_identity(context),
        epoch=epoch,
        try_id=str(ti.id),
        try_number=ti.try_number,
        is_first_try=ti.try_number == epoch + 1,
        document=document,
        chosen_name=chosen_name,
        policy=policy,
    )
