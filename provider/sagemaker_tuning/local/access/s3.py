"""Requests to S3: which operation each is, and which actions that needs.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qs, parse_qsl, unquote
from xml.etree import ElementTree as ET

from botocore.model import OperationModel

from sagemaker_tuning.local.http.call import Call
from sagemaker_tuning.local.wire import service_model

ABSENCE = "s3:ListBucket"
"""What it takes to be told that an object is not there."""

# Where the action has another name than the operation.
_ACTIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
_VERSIONED = {"GetObject": "GetObjectVersion", "DeleteObject": "DeleteObjectVersion"}
_SOURCE = "HTTP_X_AMZ_COPY_SOURCE"
# What these headers ask for is another action beside that of the operation.
_HEADERS = {"HTTP_X_AMZ_TAGGING": "PutObjectTagging", "HTTP_X_AMZ_ACL": "PutObjectAcl"}
_HEADERS_OF = frozenset({"PutObject"})
_DELETED_AT_ONCE = "DeleteObjects"


@dataclass(frozen=True)
class _Operation:
    """An operation, and by what its requests are told from others.

    Attributes:
        level: 0 is the service, 1 a bucket, 2 an object.
        query: parameters that are there, with the value that they have if it matters.
        headers: headers that are there, as WSGI has them.
    """

    name: str
    method: str
    level: int
    query: tuple[tuple[str, str], ...]
    headers: tuple[str, ...]


def actions(call: Call) -> Iterator[tuple[str, str]]:
    """Each action that a request needs, with the ARN of its resource.

    A request that is none of S3's operations has an action that no policy has.
    """
    bucket, key = target(call)
    query = parse_qs(call.environ.get("QUERY_STRING", ""), keep_blank_values=True)
    operation = _operation(call, bucket, key, query)
    resource = f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
    if operation == _DELETED_AT_ONCE:
        yield from _deletions(call.body, bucket)
        return
    action = _ACTIONS.get(operation, operation)
    if "versionId" in query:
        action = _VERSIONED.get(action, action)
    yield f"s3:{action}", resource if bucket else "*"
    if action in _HEADERS_OF:
        for header, other in _HEADERS.items():
            if header in call.environ:
                yield f"s3:{other}", resource
        if _SOURCE in call.environ:
            source, _, version = call.environ[_SOURCE].partition("?")
            read = _VERSIONED["GetObject"] if version else "GetObject"
            yield f"s3:{read}", f"arn:aws:s3:::{unquote(source).lstrip('/')}"


def target(call: Call) -> tuple[str, str]:
    """Bucket and key of a request, both perhaps empty."""
    path = call.environ["PATH_INFO"].encode("latin-1").decode(errors="replace").removeprefix("/")
    host = call.environ.get("HTTP_HOST", "").partition(":")[0].lower()
    if host.endswith(".localhost"):
        return host.partition(".")[0], path
    bucket, _, key = path.partition("/")
    return bucket, key


def reads_object(call: Call) -> bool:
    """Whether the answer tells if an object is there."""
    if not call.is_for_s3 or call.environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        return False
    return bool(target(call)[1])


def _operation(call: Call, bucket: str, key: str, query: dict[str, list[str]]) -> str:
    level = bool(bucket) + bool(key)
    fitting = [
        each
        for each in _operations()
        if each.level == level
        and each.method == call.environ["REQUEST_METHOD"]
        and all(name in query and value in {"", query[name][0]} for name, value in each.query)
        and all(header in call.environ for header in each.headers)
    ]
    if not fitting:
        return f"{call.environ['REQUEST_METHOD']} {call.environ['PATH_INFO']}"
    return max(fitting, key=lambda each: len(each.query) + len(each.headers)).name


@cache
def _operations() -> tuple[_Operation, ...]:
    model = service_model("s3")
    return tuple(_read(model.operation_model(name)) for name in model.operation_names)


def _read(model: OperationModel) -> _Operation:
    path, _, query = model.http["requestUri"].partition("?")
    shape = model.input_shape
    required = [] if shape is None else [shape.members[name] for name in shape.required_members]
    places = [(each.serialization.get("location"), each.serialization) for each in required]
    return _Operation(
        model.name,
        model.http["method"],
        path.count("{"),
        (
            *parse_qsl(query, keep_blank_values=True),
            *((place["name"], "") for kind, place in places if kind == "querystring"),
        ),
        tuple(
            f"HTTP_{place['name'].upper().replace('-', '_')}"
            for kind, place in places
            if kind == "header"
        ),
    )


def _deletions(body: bytes, bucket: str) -> Iterator[tuple[str, str]]:
    """None of a body that is no XML: moto deletes nothing then."""
    try:
        root = ET.fromstring(body)  # noqa: S314 -- moto parses it likewise; this only looks
    except ET.ParseError:
        return
    for each in root.findall("{*}Object"):
        action = "DeleteObject" if each.find("{*}VersionId") is None else "DeleteObjectVersion"
        for key in each.findall("{*}Key"):
            yield f"s3:{action}", f"arn:aws:s3:::{bucket}/{key.text or ''}"
