"""The tags of what this package makes: whose it is, and what it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagemaker_tuning.core.adoption import IDENTITY_TAG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagemaker_tuning.core.naming import LaunchIdentity

PREFIX = "sagemaker-tuning:"
_READABLE = ("dag_id", "run_id", "task_id", "map_index")


def tag_value(value: str) -> str:
    """Reduce a value to the characters and the length that tags allow.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Tag.html
    """
    allowed = "_.:/=+-@ "
    return "".join(c if c.isalnum() or c in allowed else "_" for c in value)[:256]


def identity_tags(identity: LaunchIdentity) -> dict[str, str]:
    """Give the digest of the task instance, by which a later try knows its own, and its parts."""
    readable = {f"{PREFIX}{key}": tag_value(str(getattr(identity, key))) for key in _READABLE}
    return {IDENTITY_TAG: identity.digest} | readable


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Give tags as AWS's calls take them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
