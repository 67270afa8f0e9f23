"""Stop and delete what the scoring of model packages left behind."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sagemaker_tuning.core.adoption import IDENTITY_TAG, TRY_TAG
from sagemaker_tuning.core.artifacts import Folders
from sagemaker_tuning.core.errors import SageMakerTuningError
from sagemaker_tuning.core.scoring_jobs import is_scoring_name, name_part
from sagemaker_tuning.hooks.held_out_data import place_of
from sagemaker_tuning.hooks.leftovers import delete_objects
from sagemaker_tuning.hooks.transform_jobs import TransformJobs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sagemaker_tuning.core.launch_request import LaunchRequest
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
    hook: SageMakerRegistryHook, launch: LaunchRequest, known: Iterable[str]
) -> None:
    """Stop and delete all that scorings of a task instance left, of whichever try and epoch.

    Transform jobs that have ended stay, as AWS has no call to delete them. What cannot be deleted
    is logged.

    Args:
        hook: Whose connection serves.
        launch: Which try of which task it is; its document is of no account.
        known: Names of jobs that are certain to be its.
    """
    _CleanUp(hook, launch).run(set(known))


def stop_superseded(
    hook: SageMakerRegistryHook, launch: LaunchRequest, model_names: Collection[str]
) -> None:
    """Stop a task instance's live transform jobs of before a Clear, or before the data changed.

    What cannot be stopped is logged.

    Args:
        hook: Whose connection serves.
        launch: Which try of which task it is; its document is of no account.
        model_names: Of the models that are scored now; their jobs go on.
    """
    _CleanUp(hook, launch).stop_others(model_names)


class _CleanUp:
    def __init__(self, hook: SageMakerRegistryHook, launch: LaunchRequest) -> None:
        self._hook = hook
        self._launch = launch
        self._jobs = TransformJobs(hook)

    def run(self, known: set[str]) -> None:
        part = name_part(self._launch.identity)
        names = set(known)
        with _best_effort("list the transform jobs"):
            names.update(self._jobs.names_with(part))
        for name in sorted(filter(self._is_ours_by_name, names)):
            with _best_effort(f"clean up after the transform job {name}"):
                self._clean_up_job(name, is_known=name in known)
        known_models = {name.rpartition("-")[0] for name in known}
        models = set(known_models)
        with _best_effort("list the models"):
            models.update(self._jobs.model_names_with(part))
        for name in sorted(filter(self._is_ours_by_name, models)):
            with _best_effort(f"delete the model {name}"):
                model = self._hook.find_model(name)
                if model and (name in known_models or self._is_ours(model["ModelArn"])):
                    self._hook.delete_model(name)

    def stop_others(self, model_names: Collection[str]) -> None:
        names: list[str] = []
        with _best_effort("list the transform jobs"):
            names += self._jobs.names_with(name_part(self._launch.identity), "InProgress")
        for name in filter(self._is_ours_by_name, names):
            if name.rpartition("-")[0] not in model_names:
                with _best_effort(f"stop the transform job {name}"):
                    self._stop_superseded(name)

    def _stop_superseded(self, name: str) -> None:
        job = self._jobs.find(name)
        if job and self._is_ours(job["TransformJobArn"]) and self._jobs.stop(name):
            log.info("Stopped the transform job %s, which nobody waits for any more", name)

    def _clean_up_job(self, name: str, *, is_known: bool) -> None:
        job = self._jobs.find(name)
        if job is None or not (is_known or self._is_ours(job["TransformJobArn"])):
            return
        self._jobs.stop(name)
        place = job["TransformOutput"]["S3OutputPath"].rstrip("/")
        bucket, key = place_of(place, "S3OutputPath")
        before, slash, folder = key.rpartition("/")
        if folder == name:
            delete_objects(self._hook, bucket, Folders(before + slash, frozenset({name})))

    def _is_ours_by_name(self, name: str) -> bool:
        return is_scoring_name(self._launch.identity, name)

    def _is_ours(self, arn: str) -> bool:
        """Whether its tags say so; what was there before the first try is another deployment's."""
        tags = self._hook.list_tags(arn)
        if tags.get(IDENTITY_TAG) != self._launch.identity.digest:
            return False
        is_first = self._launch.is_first_try and self._launch.epoch == 0
        return not is_first or tags.get(TRY_TAG) == self._launch.try_id


@contextmanager
def _best_effort(what: str) -> Iterator[None]:
    """Log what fails: it must not hide what the task has come to."""
    try:
        yield
    except SageMakerTuningError as error:
        log.warning("Could not %s: %s", what, error)
