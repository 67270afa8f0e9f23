"""Requests to S3 as others than AWS's clients put them: what they need a permission for."""

import pytest

from sagemaker_tuning.local.access.s3 import actions
from sagemaker_tuning.local.http.call import Call

_BUCKET = "arn:aws:s3:::bucket"


def _actions(method: str, path: str, body: bytes = b"", **environ: str) -> list[tuple[str, str]]:
    path, _, query = path.partition("?")
    given = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, **environ}
    return list(actions(Call(given, body, "us-east-1", "s3")))


@pytest.mark.parametrize(
    "key",
    ["secret", "&#115;ecret", "sec<![CDATA[ret]]>", "sec<!-- -->ret"],
)
@pytest.mark.parametrize("tag", ["Key", "Key ", 'Key xmlns="other"'])
def test_a_deletion_of_several_is_read_as_xml(key: str, tag: str) -> None:
    """However a key is written, it is the one that is deleted."""
    body = f"<Delete><Object><{tag}>{key}</Key></Object><Quiet>true</Quiet></Delete>"
    found = _actions("POST", "/bucket?delete", body.encode())
    assert found == [("s3:DeleteObject", f"{_BUCKET}/secret")]


def test_each_deletion_of_several_has_its_action() -> None:
    """One of a version needs another; in the namespace that AWS's clients give, and blanks kept."""
    body = (
        b'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        b"<Object><Key> a&amp;b</Key></Object>\n"
        b"<Object><VersionId>1</VersionId><Key>c</Key></Object></Delete>"
    )
    assert _actions("POST", "/bucket?delete", body) == [
        ("s3:DeleteObject", f"{_BUCKET}/ a&b"),
        ("s3:DeleteObjectVersion", f"{_BUCKET}/c"),
    ]


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("other/a%3Fb", ("s3:GetObject", "arn:aws:s3:::other/a?b")),
        ("/other/a%20b", ("s3:GetObject", "arn:aws:s3:::other/a b")),
        ("other/a?versionId=1", ("s3:GetObjectVersion", "arn:aws:s3:::other/a")),
    ],
)
def test_the_source_of_a_copy_is_one_object(source: str, needed: tuple[str, str]) -> None:
    """A question mark in its key is no beginning of a version."""
    found = _actions("PUT", "/bucket/copy", HTTP_X_AMZ_COPY_SOURCE=source)
    assert found == [("s3:PutObject", f"{_BUCKET}/copy"), needed]


@pytest.mark.parametrize(
    "host", ["bucket.localhost:8765", "bucket.LocalHost", "BUCKET.LOCALHOST:1"]
)
def test_a_bucket_in_the_host_is_one_in_capitals_too(host: str) -> None:
    """Names of hosts know no case: the path holds the key alone."""
    found = _actions("GET", "/public/key", HTTP_HOST=host)
    assert found == [("s3:GetObject", f"{_BUCKET}/public/key")]
