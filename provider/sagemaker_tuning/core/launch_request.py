"""Who launches what, and what was launched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.adoption import FINGERPRINT_TAG, TRY_TAG, AdoptionPolicy
from sagemaker_tuning.core.naming import LaunchIdentity, fingerprint, later_generation
from sagemaker_tuning.core.snapshot import Snapshot
from sagemaker_tuning.core.tags import identity_tags, tag_list

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """Who launches what.

    Attributes:
        identity: The task instance.
        epoch: Which Clear of the finished task this try stems from; 0 or more.
        try_id: ``ti.id``, new for each try.
        try_number: 1 or more, and above every epoch that there can have been.
        is_first_try: Whether this is the first try of its epoch.
        document: The arguments of CreateHyperParameterTuningJob without the name.
        chosen_name: The name that the user wants; ours follows from the identity.
        policy: What the user wants of jobs that are there already.
    """

    identity: LaunchIdentity
    epoch: int
    try_id: str
    try_number: int
    is_first_try: bool
    document: Mapping[str, Any]
    chosen_name: str | None = None
    policy: AdoptionPolicy = field(default_factory=AdoptionPolicy)

    def name(self, *, epoch: int, generation: int) -> str:
        """Give the tuning job's name in an epoch and generation."""
        if self.chosen_name is not None:
            digest = self.identity.digest
            return later_generation(self.chosen_name, digest, epoch=epoch, generation=generation)
        return self.identity.tuning_job_name(epoch=epoch, generation=generation)

    @property
    def fingerprint(self) -> str:
        """What stands for the request; its tags change nothing about the training."""
        return fingerprint({key: self.document[key] for key in self.document if key != "Tags"})

    def tags(self) -> list[dict[str, str]]:
        """Give the user's tags and those by which a later try knows the job again."""
        ours = identity_tags(self.identity) | {
            FINGERPRINT_TAG: self.fingerprint,
            TRY_TAG: self.try_id,
        }
        return [*self.document.get("Tags", []), *tag_list(ours)]


@dataclass(frozen=True, slots=True)
class LaunchedTuningJob:
    """The one tuning job of this task instance.

    Attributes:
        name: Its name.
        arn: Its ARN.
        is_adopted: Whether an earlier try launched it.
        description: What Describe said of it when it was adopted; else empty.
    """

    name: str
    arn: str
    is_adopted: bool
    description: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def has_ended(self) -> bool:
        """Whether it had ended already when it was adopted."""
        return bool(self.description) and Snapshot.from_description(self.description).is_ended
