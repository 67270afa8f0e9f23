"""Stop and delete what the scoring of model packages left behind."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sagemaker_tuning.core.artifacts import Folders
from sagemaker_tuning.core.errors import SageMakerTuningError
from sagemaker_tuning.core.scoring_jobs import is_scoring_name, name_part
from sagemaker_tuning.hooks.held_out_data import place_of
from sagemaker_tuning.hooks.leftovers import delete_objects
from sagemaker_tuning.hooks.transform_jobs import TransformJobs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sagemaker_tuning.core.naming import LaunchIdentity
    from sagemaker_tuning.hooks.registry import SageMakerRegistryHook

log = logging.getLogger(__name__)


def stop_scoring(hook: SageMakerRegistryHook, names: Iterable[str]) -> None:
    """Stop what is alive of these transform jobs; what cannot be stopped is logged."""
    jobs = TransformJobs(hook)
    for name in names:
        with _best_effort(f"stop the transform job {name}"):
            if jobs.stop(name):
                log.info("Stopped the transform job %s", name)


def clean_up_scoring(
    hook: SageMakerRegistryHook, identity: LaunchIdentity, known: Iterable[str]
) -> None:
    """Stop and delete all that scorings of a task instance left, of whichever try and epoch.

    Transform jobs that have ended stay, as AWS has no call to delete them. What cannot be deleted
    is logged.

    Args:
        hook: Whose connection serves.
        identity: The task instance.
        known: Names of its jobs that may not be listed yet.
    """
    jobs, part = TransformJobs(hook), name_part(identity)
    names = set(known)
    with _best_effort("list the transform jobs"):
        names.update(jobs.names_with(part))
    for name in sorted(name for name in names if is_scoring_name(identity, name)):
        with _best_effort(f"clean up after the transform job {name}"):
            _clean_up_job(hook, jobs, name)
    models: set[str] = {name.rpartition("-")[0] for name in known}
    with _best_effort("list the models"):
        models.update(jobs.model_names_with(part))
    for name in sorted(name for name in models if is_scoring_name(identity, name)):
        with _best_effort(f"delete the model {name}"):
            hook.delete_model(name)


def _clean_up_job(hook: SageMakerRegistryHook, jobs: TransformJobs, name: str) -> None:
    jobs.stop(name)
    job = jobs.find(name)
    if job is None:
        return
    bucket, key = place_of(job["TransformOutput"]["S3OutputPath"].rstrip("/"), "S3OutputPath")
    place, _, folder = key.rpartition("/")
    if folder == name:
        delete_objects(hook, bucket, Folders(f"{place}/" if place else "", frozenset({name})))


@contextmanager
def _best_effort(what: str) -> Iterator[None]:
    """Log what fails: it must not hide what the task has come to."""
    try:
        yield
    except SageMakerTuningError as error:
        log.warning("Could not %s: %s", what, error)
