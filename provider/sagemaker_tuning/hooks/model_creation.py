"""Create a model, or find it created, however often it was tried before."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.adoption import IDENTITY_TAG
from sagemaker_tuning.core.errors import AwsCallFailed, TuningJobConflict
from sagemaker_tuning.core.models import model_differences
from sagemaker_tuning.core.tags import tag_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagemaker_tuning.core.models import IfExists
    from sagemaker_tuning.hooks.model import SageMakerModelHook

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelCreation:
    """A model that is wanted.

    Attributes:
        request: The request of CreateModel without tags.
        tags: The user's tags, as AWS takes them.
        own_tags: Ours, among them the digest of who asks; left out where tagging is denied.
        if_exists: What becomes of a model of the name.
        is_first_try: Whether no earlier try of the task can have created it.
        way_out: What to do about another model of the name, for the error.
    """

    request: Mapping[str, Any]
    tags: Sequence[Mapping[str, str]]
    own_tags: Mapping[str, str]
    if_exists: IfExists
    is_first_try: bool
    way_out: str = "choose another model_name, delete it, or set if_exists='replace'"

    def run(self, hook: SageMakerModelHook) -> str:
        """Give the ARN of the model that is there in the end.

        A try that died between two calls leaves the old model, none or the new one, and each is a
        beginning that another try gets on from.

        Raises:
            TuningJobConflict: A model of that name is there, and must not be taken for this one.
            AwsCallFailed: A call was refused, or not answered.
        """
        name = self.request["ModelName"]
        existing = hook.find_model(name)
        if existing is None:
            return self._create(hook)
        differences = model_differences(self.request, existing)
        may_be_ours = not differences and not self.is_first_try
        self._refuse_unless_ours(hook, existing, may_be_ours=may_be_ours)
        if not differences:
            log.info("The model %s is there, and as it is wanted", name)
            return str(existing["ModelArn"])
        if self.if_exists != "replace":
            raise self._conflict(differences)
        log.info("Replacing %s, created %s:", existing["ModelArn"], existing["CreationTime"])
        for difference in differences:
            log.info("  %s", difference)
        hook.delete_model(name)
        return self._create(hook)

    def _create(self, hook: SageMakerModelHook) -> str:
        try:
            return self._create_tagged(hook)
        except AwsCallFailed:
            # Perhaps it was carried out all the same, and botocore's repetition refused.
            existing = hook.find_model(self.request["ModelName"])
            if existing is None:
                raise
            differences = model_differences(self.request, existing)
            self._refuse_unless_ours(hook, existing, may_be_ours=not differences)
            if not differences:
                return str(existing["ModelArn"])
            if self.if_exists == "replace":
                raise  # of the model that is being deleted, or of another that came between
            raise self._conflict(differences) from None

    def _create_tagged(self, hook: SageMakerModelHook) -> str:
        try:
            return hook.create_model(self._tagged([*self.tags, *tag_list(self.own_tags)]))
        except AwsCallFailed as error:
            if error.code != "AccessDeniedException":
                raise
            arn = hook.create_model(self._tagged(self.tags))
            log.warning(
                "The role may not tag the model (sagemaker:AddTags), so it was created without the "
                "tags that say which training job and task it is from"
            )
            return arn

    def _tagged(self, tags: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        return {**self.request, **({"Tags": list(tags)} if tags else {})}

    def _refuse_unless_ours(
        self, hook: SageMakerModelHook, existing: Mapping[str, Any], *, may_be_ours: bool
    ) -> None:
        if self.if_exists != "fail":
            return
        identity = self._identity_of(hook, existing["ModelArn"])
        if may_be_ours if identity is None else identity == self.own_tags[IDENTITY_TAG]:
            return
        msg = (
            f"a model {existing['ModelName']} was there before, created {existing['CreationTime']}"
            ", and if_exists is 'fail': choose another model_name, or delete it"
        )
        raise TuningJobConflict(msg)

    def _identity_of(self, hook: SageMakerModelHook, arn: str) -> str | None:
        try:
            return hook.list_tags(arn).get(IDENTITY_TAG)
        except AwsCallFailed as error:
            log.warning("%s: whose model it is must show by what is in it", error)
            return None

    def _conflict(self, differences: list[str]) -> TuningJobConflict:
        head = f"a model {self.request['ModelName']} exists and is another one: {self.way_out}:"
        return TuningJobConflict("\n".join([head, *(f"  {line}" for line in differences)]))
