"""Held-out data and predictions in S3, found and read."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.response import StreamingBody

from sagemaker_tuning.core.errors import AwsCallFailed, InvalidTuningRequest, ScoringFailed
from sagemaker_tuning.hooks.held_out_data import HeldOutData, TransformOutput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagemaker_tuning.hooks.services import AwsService


class FakeS3:
    """A bucket, in pages of two; how much of an object arrives before the line breaks is given."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects
        self.arriving: int | None = None

    def pages(self, operation: str, **request: str) -> Iterator[dict[str, Any]]:
        assert operation == "ListObjectsV2"
        if request["Bucket"] != "bucket":
            code = request["Bucket"]
            raise AwsCallFailed(f"refused: {code}", code=code)
        found = [
            {"Key": key, "Size": len(body), "ETag": str(body)}
            for key, body in sorted(self.objects.items())
            if key.startswith(request["Prefix"])
        ]
        for start in range(0, len(found), 2):
            yield {"Contents": found[start : start + 2]}

    def call(self, operation: str, **request: str) -> dict[str, Any]:
        assert operation == "GetObject"
        if request["Key"] not in self.objects:
            raise AwsCallFailed("gone", code="NoSuchKey")
        body = self.objects[request["Key"]]
        return {"Body": StreamingBody(io.BytesIO(body[: self.arriving]), len(body))}


def _s3(**objects: bytes) -> AwsService:
    return _as_service(FakeS3({key.replace("__", "/"): body for key, body in objects.items()}))


def _as_service(s3: FakeS3) -> AwsService:
    return cast("AwsService", s3)


def test_data_is_every_object_with_content_of_every_page() -> None:
    """Folders' markers are none; and a folder of a longer name begins so, too, as to AWS."""
    s3 = _s3(test__=b"", test__a=b"1", test__b=b"2", test__c__d=b"3", test2__e=b"4", train__f=b"5")
    assert HeldOutData.at(s3, "s3://bucket/test/").keys == ("test/a", "test/b", "test/c/d")
    assert HeldOutData.at(s3, "s3://bucket/test").keys[-1] == "test2/e"
    assert len(HeldOutData.at(s3, "s3://bucket").keys) == 5


def test_other_contents_are_other_data() -> None:
    """What stands for them differs by keys and by contents."""
    digests = {
        HeldOutData.at(s3, "s3://bucket/test/").digest
        for s3 in (_s3(test__a=b"1"), _s3(test__a=b"2"), _s3(test__b=b"1"))
    }
    assert len(digests) == 3


@pytest.mark.parametrize("uri", ["s3://bucket/nothing", "s3://bucket/test/", "s3://NoSuchBucket/a"])
def test_no_data_is_told(uri: str) -> None:
    """An empty object is none, nor is a bucket that is not there."""
    with pytest.raises(InvalidTuningRequest, match="no object with content"):
        HeldOutData.at(_s3(test__a=b""), uri)


def test_a_refusal_is_no_absence() -> None:
    """Whoever may not list learns that, and not that there is nothing."""
    with pytest.raises(AwsCallFailed, match="AccessDenied"):
        HeldOutData.at(_s3(), "s3://AccessDenied/test")


def test_the_first_row_says_how_many_columns_there_are() -> None:
    """Blank lines before it are no rows."""
    s3 = _s3(test__a=b"\r\n\n", test__b=b"\n1,2,3,4\n1,2\n")
    assert HeldOutData.at(s3, "s3://bucket/test").columns(s3) == 4


def test_data_of_blank_lines_has_no_columns() -> None:
    """Or features would be taken for predictions."""
    s3 = _s3(test__a=b"\n \n")
    with pytest.raises(ScoringFailed, match="no row in test/a"):
        HeldOutData.at(s3, "s3://bucket/test").columns(s3)


def test_an_output_of_each_object_is_wanted() -> None:
    """One that is missing, or the same for two, is told."""
    s3 = _s3(
        test__a=b"1,1\n",
        test__b=b"0,1\n",
        test__c__b=b"1,1\n",
        out__job__a__out=b"",
        out__job2=b"x",
    )
    data = HeldOutData.at(s3, "s3://bucket/test/")
    objects = cast("FakeS3", s3).objects
    objects["out/job/a.out"] = b"1,0.5\n"
    objects["out/job/b.out"] = b"0,0.5\n"
    output = TransformOutput.at(s3, "s3://bucket/out/job", data)
    assert output.missing == ["test/b", "test/c/b"]
    objects["out/job/c/b.out"] = b"1,0.25\n"
    output = TransformOutput.at(s3, "s3://bucket/out/job", data)
    assert output.missing == []
    predictions = output.read(s3, 1)
    assert predictions.rows == {"test/a": 1, "test/b": 1, "test/c/b": 1}
    assert predictions.values.tolist() == [0.5, 0.5, 0.25]


def test_an_object_that_breaks_off_is_no_shorter_set() -> None:
    """Half of the rows are no rows; the whole is read again another time."""
    s3 = FakeS3({"test/a": b"1,1\n", "out/job/a.out": b"1,0.5\n0,0.5\n"})
    data = HeldOutData.at(_as_service(s3), "s3://bucket/test/")
    output = TransformOutput.at(_as_service(s3), "s3://bucket/out/job", data)
    s3.arriving = 6
    with pytest.raises(AwsCallFailed, match="IncompleteRead") as failed:
        output.read(_as_service(s3), 1)
    assert failed.value.is_retried


@pytest.mark.parametrize(("content", "said"), [(b"\n \n", "no row in test/a"), (None, "not there")])
def test_output_without_rows_is_told(content: bytes | None, said: str) -> None:
    """So is one that is deleted while it is read."""
    s3 = FakeS3({"test/a": b"1,1\n", "out/job/a.out": content or b"1,1\n"})
    data = HeldOutData.at(_as_service(s3), "s3://bucket/test/")
    output = TransformOutput.at(_as_service(s3), "s3://bucket/out/job", data)
    if content is None:
        del s3.objects["out/job/a.out"]
    with pytest.raises(ScoringFailed, match=said):
        output.read(_as_service(s3), 1)
