"""State changes of tuning, training and transform jobs, as events on EventBridge's default bus.

https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

import contextlib
import json
import logging
import queue
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sagemaker_tuning.local import event_targets
from sagemaker_tuning.local.database import Change
from sagemaker_tuning.local.errors import ApiError
from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.wire import Document

_log = logging.getLogger(__name__)

# Far more than there are while the thread below keeps up.
_MOST_WAITING = 10_000
_CLOSING_SECONDS = 2

_DETAIL_TYPES = {
    "tuning_job": "SageMaker HyperParameter Tuning Job State Change",
    "training_job": "SageMaker Training Job State Change",
    "transform_job": "SageMaker Transform Job State Change",
}
_NAMES = {
    "tuning_job": "HyperParameterTuningJobName",
    "training_job": "TrainingJobName",
    "transform_job": "TransformJobName",
}
_ARNS = {
    "tuning_job": "HyperParameterTuningJobArn",
    "training_job": "TrainingJobArn",
    "transform_job": "TransformJobArn",
}
_DETAILS = {
    "tuning_job": (
        "HyperParameterTuningJobName",
        "HyperParameterTuningJobArn",
        "TrainingJobDefinition",
        "TrainingJobDefinitions",
        "HyperParameterTuningJobStatus",
        "CreationTime",
        "LastModifiedTime",
        "TrainingJobStatusCounters",
        "ObjectiveStatusCounters",
    ),
    "training_job": (
        "TrainingJobName",
        "TrainingJobArn",
        "TrainingJobStatus",
        "SecondaryStatus",
        "FailureReason",
        "HyperParameters",
        "AlgorithmSpecification",
        "RoleArn",
        "InputDataConfig",
        "OutputDataConfig",
        "ResourceConfig",
        "VpcConfig",
        "StoppingCondition",
        "CreationTime",
        "TrainingStartTime",
        "TrainingEndTime",
        "LastModifiedTime",
        "SecondaryStatusTransitions",
    ),
    "transform_job": (
        "TransformJobName",
        "TransformJobArn",
        "TransformJobStatus",
        "FailureReason",
        "ModelName",
        "MaxConcurrentTransforms",
        "MaxPayloadInMB",
        "BatchStrategy",
        "Environment",
        "TransformInput",
        "TransformOutput",
        "TransformResources",
        "CreationTime",
        "TransformStartTime",
        "TransformEndTime",
    ),
}
_STATES = {
    "tuning_job": (
        "HyperParameterTuningJobStatus",
        "TrainingJobStatusCounters",
        "ObjectiveStatusCounters",
    ),
    "training_job": ("TrainingJobStatus", "SecondaryStatus"),
    "transform_job": ("TransformJobStatus",),
}
"""What makes two changes of a job one event: the counters of a tuning job change its state too."""

_TERMINAL = frozenset({"Completed", "Failed", "Stopped"})


class EventPublisher:
    """Puts an event on the bus for each state change that the store tells of, in their order.

    Without a rule in the region nothing is done. A thread of its own delivers, so that no job
    waits for that.

    Args:
        store: the jobs.
        describe_training_job: gives what Describe answers, by region and name.
    """

    def __init__(self, store: Store, describe_training_job: Callable[[str, str], Document]) -> None:
        self._store = store
        self._describe_training_job = describe_training_job
        self._waiting: queue.Queue[Change | None] = queue.Queue(_MOST_WAITING)
        self._last: dict[tuple[str, str, str], list[Any]] = {}
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    def changed(self, change: Change) -> None:
        """Has the change published; called by the store, so that it returns at once."""
        if not event_targets.rules(change.region):
            if self._last:
                self._last = {}
            return
        try:
            self._waiting.put_nowait(change)
        except queue.Full:
            _log.warning("the event of a change of %s is lost: too many wait", change.name)

    def close(self) -> None:
        """Ends the thread; what waits is not delivered."""
        self._closed = True
        with contextlib.suppress(queue.Full):  # if so, the thread has something to wake up to
            self._waiting.put_nowait(None)
        self._thread.join(_CLOSING_SECONDS)

    def _run(self) -> None:
        while (change := self._waiting.get()) is not None and not self._closed:
            try:
                self._publish(change)
            except Exception:  # noqa: BLE001 -- logged; the next event must go out
                _log.exception("the event of a change of %s is lost", change.name)

    def _publish(self, change: Change) -> None:
        progress = json.loads(change.progress)
        if self._is_new(change, progress):
            event_targets.deliver(change.region, self._event(change, progress))

    def _is_new(self, change: Change, progress: Document) -> bool:
        key = (change.table, change.region, change.name)
        state = [progress.get(name) for name in _STATES[change.table]]
        if self._last.get(key) == state:
            return False
        if state[0] in _TERMINAL:
            self._last.pop(key, None)
        else:
            self._last[key] = state
        return True

    def _event(self, change: Change, progress: Document) -> Document:
        arn = progress[_ARNS[change.table]]
        changed = datetime.fromtimestamp(progress["LastModifiedTime"], UTC)
        # What has changed since is the next event's.
        document = {**self._whole(change), **progress, _NAMES[change.table]: change.name}
        detail = {name: document[name] for name in _DETAILS[change.table] if document.get(name)}
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": _DETAIL_TYPES[change.table],
            "source": "aws.sagemaker",
            "account": ACCOUNT_ID,
            "time": f"{changed:%Y-%m-%dT%H:%M:%SZ}",
            "region": change.region,
            "resources": [arn],
            "detail": {**_with_milliseconds(detail), "Tags": self._store.tags(arn)},
        }

    def _whole(self, change: Change) -> Document:
        """What Describe answers now; nothing for a job that has been deleted."""
        if change.table != "training_job":
            return self._store.find(change.table, change.region, change.name) or {}
        try:
            return self._describe_training_job(change.region, change.name)
        except ApiError:
            return {}


def _with_milliseconds(value: Any, name: str = "") -> Any:
    """Times as the events have them: epoch milliseconds, in strings."""
    if isinstance(value, dict):
        return {key: _with_milliseconds(member, key) for key, member in value.items()}
    if isinstance(value, list):
        return [_with_milliseconds(member) for member in value]
    if name.endswith("Time") and isinstance(value, int | float):
        return str(round(value * 1000))
    return value
