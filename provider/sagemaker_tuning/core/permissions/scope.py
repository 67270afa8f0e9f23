"""What the resources of a policy are limited to, and how their ARNs are written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sagemaker_tuning.core.permissions.literals import WILDCARD, Literals, Place, is_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

ANY = "*"

_ROLE = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role/.+")
_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/"
    r"(?P<repository>[^:@]+)"
)
_SPECIAL = re.compile(r"[$*?]")


class Unscoped(ValueError):
    """It is not known which resources are meant; the message says which option tells it."""


@dataclass(frozen=True)
class Scope:
    """What the resources of a policy are limited to.

    Attributes:
        partition: Of AWS.
        region: Its name; ``*`` for any.
        account: Twelve digits; ``*`` for any.
        bucket: The bucket of all objects; None for those that tasks name.
        prefix: What all keys begin with; likewise.
        training_role: The role of all jobs and models; likewise.
        literals: What the tasks name.
    """

    partition: str = "aws"
    region: str = ANY
    account: str = ANY
    bucket: str | None = None
    prefix: str | None = None
    training_role: str | None = None
    literals: Literals = field(default_factory=Literals)

    @property
    def roles(self) -> list[str]:
        """The roles that are handed to SageMaker, as ARNs or names."""
        return [self.training_role] if self.training_role else list(self.literals.roles)

    def completed(self) -> Scope:
        """Give what is not limited the partition and account that the roles' ARNs say."""
        found = [match for role in self.roles if (match := _ROLE.fullmatch(role))]
        partitions = {match["partition"] for match in found}
        accounts = {match["account"] for match in found}
        return replace(
            self,
            partition=partitions.pop() if len(partitions) == 1 else self.partition,
            account=accounts.pop() if self.account == ANY and len(accounts) == 1 else self.account,
        )

    def arn(self, service: str, resource: str) -> str:
        """Give an ARN of the region and account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def objects(self, places: Iterable[Place], what: str) -> list[str]:
        """Give the ARNs of objects whose keys begin so.

        Raises:
            Unscoped: None is known.
        """
        return [
            f"arn:{self.partition}:s3:::{literal(each.bucket)}/{literal(each.key)}{ANY}"
            for each in self._limited(places, what)
        ]

    def buckets(self, places: Iterable[Place], what: str) -> list[str]:
        """Give the ARNs of their buckets.

        Raises:
            Unscoped: None is known.
        """
        buckets = dict.fromkeys(each.bucket for each in self._limited(places, what))
        return [f"arn:{self.partition}:s3:::{literal(bucket)}" for bucket in buckets]

    def _limited(self, places: Iterable[Place], what: str) -> list[Place]:
        found = list(places) or [Place(WILDCARD, "")]
        if self.bucket is not None:
            found = [replace(each, bucket=self.bucket) for each in found]
        if self.prefix is not None:
            found = [replace(each, key=f"{self.prefix.strip('/')}/") for each in found]
        if any(is_unknown(each.bucket) for each in found):
            raise Unscoped(f"--bucket: nothing says which bucket has {what}")
        return list(dict.fromkeys(found))


def literal(text: str) -> str:
    """Write a text as IAM's patterns do, wildcards where a run alone knows."""
    escaped = _SPECIAL.sub(lambda found: f"${{{found[0]}}}", text)
    return re.sub(f"{WILDCARD}+", ANY, escaped)


def images(scope: Scope) -> list[str]:
    """Give the ARNs of the repositories that images come from; all, where one is not known."""
    found = [_IMAGE.match(image) for image in scope.literals.images]
    if not found or not all(found):
        return [f"arn:{scope.partition}:ecr:{ANY}:{ANY}:repository/{ANY}"]
    return list(
        dict.fromkeys(
            f"arn:{scope.partition}:ecr:{image['region']}:{image['account']}"
            f":repository/{literal(image['repository'])}"
            for image in found
            if image
        )
    )


def key_arns(keys: Iterable[str], scope: Scope) -> list[str]:
    """Give the ARNs of KMS keys; an alias may stand for any."""
    found = []
    for key in keys:
        if key.startswith("arn:") and ":alias/" not in key:
            found.append(literal(key))
        else:
            found.append(scope.arn("kms", f"key/{ANY if 'alias/' in key else literal(key)}"))
    return list(dict.fromkeys(found))
