"""Tuning jobs that run on although nobody waits for them any more."""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from botocore.exceptions import BotoCoreError
from sqlalchemy import select

from sagemaker_tuning._compat import AirflowException
from sagemaker_tuning.core.adoption import IDENTITY_TAG
from sagemaker_tuning.core.errors import AwsCallFailed, SageMakerTuningError
from sagemaker_tuning.core.naming import LaunchIdentity
from sagemaker_tuning.core.tags import PREFIX
from sagemaker_tuning.hooks.namespace import is_telling, namespace
from sagemaker_tuning.hooks.tuning import SageMakerTuningHook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

log = logging.getLogger(__name__)

_WAITING = frozenset(
    {
        None,
        "deferred",
        "queued",
        "restarting",
        "running",
        "scheduled",
        "up_for_reschedule",
        "up_for_retry",
    }
)
_UNFINISHED = frozenset({"queued", "running"})
_GONE = "gone"


def main(arguments: Sequence[str], out: TextIO) -> int:
    """List live tuning jobs, and stop the orphans among them if asked to.

    Args:
        arguments: Of the command.
        out: Where the list goes; Airflow's own log may be on standard output.

    Returns:
        0; 1 if there are orphans left, or AWS refused a call.

    Raises:
        SystemExit: 2 for wrong options, and for ``--stop`` where another deployment may have the
            same namespace.
    """
    parser = _parser()
    with contextlib.redirect_stdout(out):  # for --help
        options = parser.parse_args(arguments)
    hook = SageMakerTuningHook(options.aws_conn_id, options.region_name)
    deployment = namespace()
    left = 0
    try:
        if options.stop and not is_telling(deployment) and not hook.is_local:
            parser.error(
                "--stop: set [sagemaker_tuning] namespace, or an [api] base_url that is not of "
                "this machine alone: another Airflow's live tasks would look gone from here"
            )
        for job in iter_live_tuning_jobs(hook, deployment):
            if options.orphans and not job.is_orphan:
                continue
            if options.stop and job.is_orphan:
                hook.stop_tuning_job(job.arn)
                out.write(f"stopped {job}\n")
            else:
                left += job.is_orphan
                out.write(f"{'orphan' if job.is_orphan else 'live'} {job}\n")
    except (AirflowException, BotoCoreError, SageMakerTuningError) as error:
        sys.stderr.write(f"sagemaker-tuning list: {error}\n")
        return 1
    return 1 if left else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sagemaker-tuning list",
        description="List the live tuning jobs that this Airflow's tasks have launched, and the"
        " tasks' states. Reads Airflow's database. A task that has launched without waiting"
        " leaves an orphan when its DAG run ends; a sensor in another DAG is not looked for."
        " Exit status 1: there are orphans left, or AWS refused a call.",
    )
    parser.add_argument(
        "--orphans", action="store_true", help="only those that no task of their DAG run waits for"
    )
    parser.add_argument("--stop", action="store_true", help="stop the orphans")
    parser.add_argument(
        "--aws-conn-id", default="aws_default", help="Airflow connection (%(default)s)"
    )
    parser.add_argument("--region-name", help="AWS region; the connection's if not given")
    return parser


@dataclass(frozen=True, slots=True)
class LiveTuningJob:
    """A tuning job of this deployment that has not ended.

    Attributes:
        name: ``HyperParameterTuningJobName``.
        arn: ``HyperParameterTuningJobArn``.
        identity: The task instance that launched it.
        task_state: That task instance's state; ``gone`` if it was deleted.
        run_state: Its DAG run's; ``gone`` likewise.
    """

    name: str
    arn: str
    identity: LaunchIdentity
    task_state: str | None
    run_state: str

    @property
    def is_orphan(self) -> bool:
        """Whether no task of its DAG run can be waiting for it.

        A task that has launched without waiting has succeeded, and others of its DAG run may
        wait: then the run's end decides.
        """
        if self.task_state in _WAITING:
            return False
        return self.task_state != "success" or self.run_state not in _UNFINISHED

    def __str__(self) -> str:
        who = self.identity
        task = f"{who.dag_id}.{who.task_id}" + (f"[{who.map_index}]" if who.map_index >= 0 else "")
        return (
            f"{self.name}: task {task} of run {who.run_id} is {self.task_state or 'not started'}, "
            f"the run is {self.run_state}"
        )


def iter_live_tuning_jobs(hook: SageMakerTuningHook, deployment: str) -> Iterator[LiveTuningJob]:
    """Give the live tuning jobs that this deployment's tasks have launched.

    Reads Airflow's database, so it runs where Airflow's own commands do. A job that was launched
    without tags is known by nothing, and left out; so is one whose tags cannot be read.

    Args:
        hook: Of the account and region to look in.
        deployment: The namespace.

    Raises:
        AwsCallFailed: AWS refuses to list tuning jobs.
    """
    for summary in hook.iter_tuning_jobs(status="InProgress"):
        arn = summary["HyperParameterTuningJobArn"]
        try:
            tags = hook.list_tags(arn)
        except AwsCallFailed as error:
            log.warning("%s is left out: %s", summary["HyperParameterTuningJobName"], error)
            continue
        identity = _identity(tags, deployment)
        if identity is not None:
            states = _states(identity)
            yield LiveTuningJob(summary["HyperParameterTuningJobName"], arn, identity, *states)


def _identity(tags: Mapping[str, str], deployment: str) -> LaunchIdentity | None:
    """Read who launched it; None if it is another deployment's, or nobody's."""
    try:
        dag_id, run_id, task_id, map_index = (
            tags[f"{PREFIX}{key}"] for key in ("dag_id", "run_id", "task_id", "map_index")
        )
        digest = tags[IDENTITY_TAG]
    except KeyError:
        return None
    # Tags lack some characters that a run id may have.
    for candidate in {run_id: None} | dict.fromkeys(_run_ids(dag_id)):
        identity = LaunchIdentity(deployment, dag_id, candidate, task_id, int(map_index))
        if identity.digest == digest:
            return identity
    return None


def _run_ids(dag_id: str) -> list[str]:
    with create_session() as session:
        return list(session.scalars(select(DagRun.run_id).where(DagRun.dag_id == dag_id)))


def _states(identity: LaunchIdentity) -> tuple[str | None, str]:
    """Give the state of the task instance and of its DAG run."""
    of_run = (DagRun.dag_id == identity.dag_id, DagRun.run_id == identity.run_id)
    of_task = (
        TaskInstance.dag_id == identity.dag_id,
        TaskInstance.run_id == identity.run_id,
        TaskInstance.task_id == identity.task_id,
        TaskInstance.map_index == identity.map_index,
    )
    with create_session() as session:
        run = session.scalars(select(DagRun.state).where(*of_run)).one_or_none()
        tasks = session.scalars(select(TaskInstance.state).where(*of_task)).all()
    return (_text(tasks[0]) if tasks else _GONE), (_text(run) or _GONE)


def _text(state: object) -> str | None:
    return None if state is None else str(getattr(state, "value", state))
