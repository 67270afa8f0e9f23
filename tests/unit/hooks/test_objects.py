"""S3 objects by their URI."""

import pytest

from sagemaker_tuning.core.errors import InvalidTuningRequest
from sagemaker_tuning.hooks.objects import object_of


def test_a_uri_has_bucket_and_key() -> None:
    """Folders and blanks are part of the key."""
    assert object_of("s3://ml/2026/leader board.csv", "s3_uri") == ("ml", "2026/leader board.csv")


@pytest.mark.parametrize("uri", ["s3://ml", "s3://ml/", "s3://ml/folder/", "ml/key", "s3:///key"])
def test_what_names_no_object_is_refused(uri: str) -> None:
    """A bucket or a folder is no place for a file."""
    with pytest.raises(InvalidTuningRequest, match=r"s3_uri: .*: s3://<bucket>/<key>"):
        object_of(uri, "s3_uri")
