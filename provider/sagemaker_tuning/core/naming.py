"""Names of tuning jobs: the name is what makes a launch happen only once.

SageMaker lets the client choose a tuning job's name, unique per account and region without regard
to case: 1 to 32 characters, ``[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}``
(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html).
A name that follows from the task instance alone needs no storage, so nothing can be lost between
launching a job and remembering that it was launched.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_NAME_LENGTH = 32
MAX_GENERATION = 99
_MOST_CLEARS = 999
"""More than any task instance has."""
_DIGEST_LENGTH = 10  # 50 bits: a million names collide with a chance of one in two thousand


@dataclass(frozen=True, slots=True)
class LaunchIdentity:
    """The intention behind a launch: this task instance, in this deployment.

    Attributes:
        namespace: What tells deployments apart that share an account.
        dag_id: Of the task instance, as are the next three.
        run_id: ...
        task_id: ...
        map_index: -1 if the task is not mapped.
    """

    namespace: str
    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1

    @property
    def digest(self) -> str:
        """Ten characters ``[a-z2-7]`` that stand for all of the identity."""
        return digest_of(self.namespace, self.dag_id, self.run_id, self.task_id, self.map_index)

    def tuning_job_name(self, *, epoch: int, generation: int) -> str:
        """Give the name of the job of this epoch and generation: ``<slug>-<digest>-<e><gg>``.

        Args:
            epoch: 0 or more.
            generation: 1 to 99.

        Raises:
            ValueError: The generation is out of its range.
        """
        if not 1 <= generation <= MAX_GENERATION:
            msg = f"generation {generation} is not within 1 to {MAX_GENERATION}"
            raise ValueError(msg)
        tail = f"-{self.digest}-{epoch}{generation:02d}"
        slug = _slug(f"{self.dag_id}-{self.task_id}")[: MAX_NAME_LENGTH - len(tail)].rstrip("-")
        return f"{slug}{tail}" if slug else tail.lstrip("-")


def digest_of(*parts: object) -> str:
    """Give ten characters ``[a-z2-7]`` that stand for JSON values, in their order."""
    # A JSON list, because joining with any separator lets two lists look alike.
    raw = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).digest()
    return base64.b32encode(raw).decode().lower()[:_DIGEST_LENGTH]


def later_generation(name: str, digest: str, *, epoch: int, generation: int) -> str:
    """Give the name of a later job under a name that the user chose.

    The first one, of epoch 0, is the name as given; later ones end in ``-<epoch><generation>``.
    Where both are too long together, the given name is cut, and some of the identity's digest
    stands for what was cut off.
    """
    if epoch == 0 and generation == 1:
        return name
    tail = f"-{epoch}{generation:02d}"
    if len(name) + len(tail) > MAX_NAME_LENGTH:
        tail = f"-{digest[:4]}{tail}"
    return name[: MAX_NAME_LENGTH - len(tail)].rstrip("-") + tail


def fingerprint(request: Mapping[str, object]) -> str:
    """Give ``v1:`` and 32 hexadecimal digits that stand for a request, whatever its key order."""
    canonical = json.dumps(request, sort_keys=True, separators=(",", ":"), default=str)
    return "v1:" + hashlib.sha256(canonical.encode()).hexdigest()[:32]


def launch_epoch(*, max_tries: int, retries: int, try_number: int) -> int:
    """Give which Clear of the finished task this try stems from; 0 if it was never cleared.

    Airflow sets ``max_tries`` to the try number plus ``retries`` at each Clear, and at nothing
    else, so what is above ``retries`` is the try number at the last Clear. An edit of
    ``retries`` moves it too, hence the bounds.
    """
    return max(0, min(max_tries - retries, try_number - 1))


def name_slug(dag_id: str, task_id: str) -> str:
    """Give what is part of the name of every tuning job of a task, or of a DAG; perhaps empty.

    Args:
        dag_id: ...
        task_id: Empty for any task of the DAG.
    """
    shortest = MAX_NAME_LENGTH - len(f"-{'x' * _DIGEST_LENGTH}-{_MOST_CLEARS}{MAX_GENERATION}")
    return _slug(f"{dag_id}-{task_id}")[:shortest].rstrip("-")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
