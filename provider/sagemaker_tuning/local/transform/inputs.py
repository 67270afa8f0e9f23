"""The input objects of a transform job, and where the output of each goes."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from sagemaker_tuning.local import manifest, objects
from sagemaker_tuning.local.wire import Document

UPLOADING: Final = "_Uploading"
"""The member of a transform job's document with the URIs of its output while that is uploaded."""


class Input(NamedTuple):
    """An object in S3.

    Attributes:
        output: the URI of what is made of it.
    """

    bucket: str
    key: str
    output: str


def inputs(request: Document) -> Iterator[Input]:
    """All objects of a request, in their keys' order or the manifest's.

    Raises:
        S3AccessError: there is no manifest, or it is none.
    """
    source = request["TransformInput"]["DataSource"]["S3DataSource"]
    target = request["TransformOutput"]["S3OutputPath"].rstrip("/")
    if source["S3DataType"] == "ManifestFile":
        prefix, suffixes = manifest.listed(source["S3Uri"])
        found = [(objects.parse_uri(prefix + suffix), suffix.lstrip("/")) for suffix in suffixes]
    else:
        bucket, prefix = objects.parse_uri(source["S3Uri"])
        keys = sorted(objects.keys(source["S3Uri"]))
        found = [((bucket, key), objects.path_below(key, prefix)) for key in keys]
    # What the job had uploaded when its endpoint was killed is no input of it.
    own = frozenset(request.get(UPLOADING, ()))
    for (bucket, key), path in found:
        # Keys with a slash at their end are the markers of empty folders.
        if not key.endswith("/") and f"s3://{bucket}/{key}" not in own:
            yield Input(bucket, key, f"{target}/{path}.out")
