"""Registry paths of SageMaker's built-in algorithms, and of its XGBoost and scikit-learn images."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from itertools import chain
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable


def image_uri(algorithm: str, region: str, version: str | None = None) -> str:
    """Give the registry path of an image that AWS offers, for training and inference alike.

    AWS's list for people:
    https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/sagemaker-algo-docker-registry-paths.html
    The data here is that of the SageMaker Python SDK; ``image_uris.json`` names its version.

    Args:
        algorithm: As the SDK calls it: ``xgboost``, ``sklearn``, ``linear-learner``, …
        region: Such as ``us-east-1``; an account and, outside the partition ``aws``, a domain of
            its own belong to each.
        version: Such as ``1.7-1``. Needed where there are several: which of them is meant must
            not change with an upgrade of this package.

    Raises:
        InvalidTuningRequest: No such algorithm, version or region; it says which there are.

    Example:
        >>> image_uri("xgboost", "us-east-1", "1.7-1")
        '683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1'
        >>> image_uri("linear-learner", "cn-north-1")
        '390948362332.dkr.ecr.cn-north-1.amazonaws.com.cn/linear-learner:1'
    """
    data = _data()
    versions = _known("algorithm", algorithm, data["Images"])
    if version is None and len(versions) == 1:
        version = next(iter(versions))
    image = _known("version", version, versions)
    account = _known("region", region, data["Accounts"][image["Accounts"]])
    domain = data["DnsSuffixes"].get(region, "amazonaws.com")
    return f"{account}.dkr.ecr.{region}.{domain}/{image['Repository']}:{image['Tag']}"


@cache
def aws_accounts() -> frozenset[str]:
    """Give the accounts that hold AWS's images, those of all algorithms and regions."""
    return frozenset(chain.from_iterable(table.values() for table in _data()["Accounts"]))


@cache
def _data() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("image_uris.json").read_text("utf-8")
    return dict(json.loads(text))


def _known(path: str, key: str | None, table: dict[str, Any]) -> Any:
    if key is None or key not in table:
        problem = "missing" if key is None else f"unknown: {key!r}"
        raise InvalidTuningRequest([Violation(path, problem, f"one of {_listed(table)}")])
    return table[key]


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(sorted(keys))
