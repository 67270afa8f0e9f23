"""Registry paths of the images that AWS offers."""

from __future__ import annotations

import pytest

from sagemaker_tuning.core.errors import InvalidTuningRequest
from sagemaker_tuning.core.image_uris import image_uri


# https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/sagemaker-algo-docker-registry-paths.html
@pytest.mark.parametrize(
    ("algorithm", "region", "version", "published"),
    [
        (
            "xgboost",
            "us-east-1",
            "1.0-1",
            "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.0-1-cpu-py3",
        ),
        ("xgboost", "us-east-1", "1", "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1"),
        (
            "sklearn",
            "eu-west-1",
            "1.2-1",
            "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3",
        ),
        ("kmeans", "us-west-2", None, "174872318107.dkr.ecr.us-west-2.amazonaws.com/kmeans:1"),
        (
            "xgboost",
            "cn-northwest-1",
            "1.7-1",
            "451049120500.dkr.ecr.cn-northwest-1.amazonaws.com.cn/sagemaker-xgboost:1.7-1",
        ),
        (
            "xgboost",
            "us-gov-west-1",
            "1.7-1",
            "414596584902.dkr.ecr.us-gov-west-1.amazonaws.com/sagemaker-xgboost:1.7-1",
        ),
    ],
)
def test_the_paths_are_those_that_aws_publishes(
    algorithm: str, region: str, version: str | None, published: str
) -> None:
    """Account, domain, repository and tag, in every partition that AWS documents."""
    assert image_uri(algorithm, region, version) == published


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("xgbost", "us-east-1", "1.7-1"), r"algorithm: unknown: 'xgbost': one of .*xgboost"),
        (("xgboost", "us-east-1", "9.9-9"), r"version: unknown: '9.9-9': one of .*1\.7-1"),
        (("xgboost", "us-east-1", None), r"version: missing: one of .*1\.7-1"),
        (("xgboost", "moon-1", "1.7-1"), r"region: unknown: 'moon-1': one of .*us-east-1"),
    ],
)
def test_what_there_is_not_is_named(arguments: tuple[str, str, str | None], said: str) -> None:
    """The mistake, and what would be right; a version is never chosen for the user."""
    with pytest.raises(InvalidTuningRequest, match=said):
        image_uri(*arguments)
