"""Which tuning jobs may be the parents of a new one.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html

Warm start is not recursive: a parent may have had parents itself, and what those have learned
counts only where they are parents here too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from sagemaker_tuning.core.adoption import IDENTITY_TAG
from sagemaker_tuning.core.naming import LaunchIdentity
from sagemaker_tuning.core.rules import parts
from sagemaker_tuning.core.status import ObjectiveStatusCounters
from sagemaker_tuning.core.tags import PREFIX, tag_value
from sagemaker_tuning.core.training_jobs import OBJECTIVE_HYPERPARAMETER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WarmStartType = Literal["IdenticalDataAndAlgorithm", "TransferLearning"]

MAX_PARENTS = 5
MAX_TRAINING_JOBS = 500
"""Of a tuning job and all its parents; the page's own, though one without may have 750."""
TERMINAL = frozenset({"Completed", "Stopped"})
"""Failed ones are terminal too, but have nothing to be learned from."""
STRATEGIES = frozenset({"Bayesian", "Random"})

_MOST_CHANGES = 10
_KINDS = {
    "IntegerParameterRanges": "an integer",
    "ContinuousParameterRanges": "continuous",
    "CategoricalParameterRanges": "categorical",
}
_RUN = re.compile(r"[a-z_]+__(\d{4}-\d{2}-\d{2}T[^_]+)(_\w+)?")


def launched_by(
    tags: Mapping[str, str], finder: LaunchIdentity, task_id: str | None
) -> LaunchIdentity | None:
    """Tell which task instance of this DAG and deployment launched a tuning job; None if none did.

    The identity's digest covers the deployment's namespace, which no tag says. A value that tags
    cannot hold as it is (a run id with ``~``) makes another digest, so such a job is nobody's.

    Args:
        tags: The tuning job's.
        finder: The task instance that looks for it; the map index must be the same.
        task_id: Of the task that must have launched it; None for any of the DAG.
    """
    identity = LaunchIdentity(
        namespace=finder.namespace,
        dag_id=finder.dag_id,
        run_id=tags.get(f"{PREFIX}run_id", ""),
        task_id=task_id or tags.get(f"{PREFIX}task_id", ""),
        map_index=finder.map_index,
    )
    is_it = tags.get(IDENTITY_TAG) == identity.digest
    return identity if is_it and tags.get(f"{PREFIX}dag_id") == tag_value(finder.dag_id) else None


def why_not_before(run_id: str, own_run_id: str) -> str | None:
    """Say why what a DAG run has launched is not from before another one; None if it may be.

    Airflow's run ids say the moment that a run is for, so a run of an old week that is made up
    for, or cleared, learns nothing from the weeks after it. Ids of one's own say nothing.
    """
    if run_id == own_run_id:
        return "it is of this DAG run"
    moment, own = _moment(run_id), _moment(own_run_id)
    if moment and own and moment > own:
        return f"its DAG run {run_id} is for a later time than {own_run_id}"
    return None


def _moment(run_id: str) -> datetime | None:
    found = _RUN.fullmatch(run_id)
    try:
        moment = datetime.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def why_never(request: Mapping[str, Any]) -> str | None:
    """Say why a request can have no parents, whichever they are; None if it can."""
    strategy = parts.config(request, "Strategy")
    if strategy not in STRATEGIES:
        return f"Strategy is {strategy}, and warm start searches by Bayesian or Random"
    return None


@dataclass(slots=True)
class Parents:
    """The parents of a new tuning job, which are found one after the other, newest first.

    Attributes:
        request: ``HyperParameterTuningJobConfig`` and ``TrainingJobDefinition``, valid ones.
        warm_start_type: ...
        most: How many parents, 1 to 5.
        most_training_jobs: Of the new tuning job and its parents together.
        names: Of the parents, so far.
    """

    request: Mapping[str, Any]
    warm_start_type: WarmStartType
    most: int = MAX_PARENTS
    most_training_jobs: int = MAX_TRAINING_JOBS
    names: list[str] = field(default_factory=list)
    _training_jobs: int = 0
    _changes: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether there can be no more."""
        return len(self.names) >= self.most

    def offer(self, candidate: Mapping[str, Any]) -> list[str]:
        """Take a tuning job for a parent, unless something speaks against it.

        Args:
            candidate: Answer of DescribeHyperParameterTuningJob.

        Returns:
            All that speaks against it; empty if it was taken.
        """
        new, old = _Search.of(self.request), _Search.of(candidate)
        reasons = list(_unsuitable(candidate))
        if not reasons:
            reasons = list(_different(new, old))
            if self.warm_start_type == "IdenticalDataAndAlgorithm":
                reasons += _not_identical(new, old)
        training_jobs = sum(candidate.get("TrainingJobStatusCounters", {}).values())
        changes = _changes(new, old)
        if not reasons:
            reasons = list(self._beyond(training_jobs, changes))
        if not reasons:
            self.names.append(candidate["HyperParameterTuningJobName"])
            self._training_jobs += training_jobs
            self._changes += changes
        return reasons

    def _beyond(self, training_jobs: int, changes: int) -> Iterator[str]:
        limits = parts.config(self.request, "ResourceLimits")
        own = parts.integer(parts.lookup(limits, "MaxNumberOfTrainingJobs")) or 0
        together = own + self._training_jobs + training_jobs
        if together > self.most_training_jobs:
            yield (
                f"with its {training_jobs} training jobs there would be {together}, all parents' "
                f"included, above {self.most_training_jobs}"
            )
        # Per parent or of all, the page leaves open; so few of all are right either way.
        if self._changes + changes > _MOST_CHANGES:
            yield (
                f"{changes} changes from tunable to static and of static values, each value of a "
                f"categorical one counted, with {self._changes} to other parents; "
                f"{_MOST_CHANGES} is the most"
            )

    def warm_start_config(self) -> dict[str, Any] | None:
        """Give ``WarmStartConfig``; None without parents."""
        if not self.names:
            return None
        return {
            "ParentHyperParameterTuningJobs": [
                {"HyperParameterTuningJobName": name} for name in self.names
            ],
            "WarmStartType": self.warm_start_type,
        }


@dataclass(frozen=True, slots=True)
class _Search:
    """What a tuning job of one training job definition searches for, and over what."""

    objective: Mapping[str, Any]
    tunable: Mapping[str, tuple[str | None, int]]
    """Kind, which the service chooses for an ``AutoParameter``, and what making it static counts"""
    static: Mapping[str, str]
    definition: Mapping[str, Any]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> _Search:
        definition = parts.mapping(document, "TrainingJobDefinition")
        config = parts.mapping(document, "HyperParameterTuningJobConfig")
        ranges = definition.get("HyperParameterRanges") or config.get("ParameterRanges") or {}
        tunable: dict[str, tuple[str | None, int]] = {
            item["Name"]: (kind, len(item.get("Values", ("",))))
            for kind in _KINDS
            for item in parts.items(ranges, kind)
        }
        tunable |= {item["Name"]: (None, 1) for item in parts.items(ranges, "AutoParameters")}
        static = dict(parts.mapping(definition, "StaticHyperParameters"))
        static.pop(OBJECTIVE_HYPERPARAMETER, None)
        objective = definition.get("TuningObjective") or config.get(
            "HyperParameterTuningJobObjective", {}
        )
        return cls(objective, tunable, static, definition)


def _unsuitable(candidate: Mapping[str, Any]) -> Iterator[str]:
    status = candidate["HyperParameterTuningJobStatus"]
    if status not in TERMINAL:
        yield f"it is {status}"
    counters = ObjectiveStatusCounters.from_document(candidate.get("ObjectiveStatusCounters", {}))
    if not counters.succeeded:
        yield "none of its training jobs has an objective metric"
    if "TrainingJobDefinition" not in candidate:
        yield "it has several training job definitions"
    strategy = parts.config(candidate, "Strategy")
    if strategy not in STRATEGIES:
        yield f"its Strategy was {strategy}"


def _different(new: _Search, old: _Search) -> Iterator[str]:
    for key, what in (("MetricName", "objective metric"), ("Type", "objective's type")):
        if new.objective.get(key) != old.objective.get(key):
            yield f"{what} was {old.objective.get(key)}, is {new.objective.get(key)} now"
    names, old_names = {*new.tunable, *new.static}, {*old.tunable, *old.static}
    if added := names - old_names:
        yield f"it had no hyperparameters {', '.join(sorted(added))}"
    if gone := old_names - names:
        yield f"it had hyperparameters {', '.join(sorted(gone))} too"
    for name in sorted(new.tunable.keys() & old.tunable.keys()):
        kind, old_kind = new.tunable[name][0], old.tunable[name][0]
        if kind and old_kind and kind != old_kind:
            yield f"{name} was {_KINDS[old_kind]}, is {_KINDS[kind]} now"


def _changes(new: _Search, old: _Search) -> int:
    to_static = sum(count for name, (_, count) in old.tunable.items() if name in new.static)
    # The value before and the one after count, unless they are numbers: those are no categories.
    return to_static + sum(
        1 if parts.number(value) is not None and parts.number(old.static[name]) is not None else 2
        for name, value in new.static.items()
        if name in old.static and old.static[name] != value
    )


def _not_identical(new: _Search, old: _Search) -> Iterator[str]:
    for key in ("TrainingImage", "AlgorithmName"):
        now, before = (
            parts.lookup(search.definition, "AlgorithmSpecification", key) for search in (new, old)
        )
        if now != before:
            yield f"{key} was {before}, is {now} now"
    channels, old_channels = _data(new), _data(old)
    for name in sorted(channels.keys() | old_channels.keys()):
        if channels.get(name) != old_channels.get(name):
            yield (
                f"data of the channel {name} was {old_channels.get(name)}, "
                f"is {channels.get(name)} now"
            )


def _data(search: _Search) -> dict[str, str | None]:
    return {
        channel["ChannelName"]: parts.lookup(channel, "DataSource", "S3DataSource", "S3Uri")
        or _file_system(parts.mapping(channel, "DataSource", "FileSystemDataSource"))
        for channel in parts.items(search.definition, "InputDataConfig")
    }


def _file_system(source: Mapping[str, Any]) -> str:
    return f"{source.get('FileSystemId')}{source.get('DirectoryPath')}"
