"""The input objects of a transform job, and where the output of each goes."""

from collections.abc import Iterator, Sequence
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


def inputs(request: Document) -> Sequence[Input]:
    """All objects of a request, in their keys' order or the manifest's.

    Raises:
        S3AccessError: there is none, there is no manifest or it is none, or two objects would have
            one output.
    """
    source = request["TransformInput"]["DataSource"]["S3DataSource"]
    target = request["TransformOutput"]["S3OutputPath"].rstrip("/")
    # What the job had uploaded when its endpoint was killed is no input of it.
    own = frozenset(request.get(UPLOADING, ()))
    by_output: dict[str, Input] = {}
    for bucket, key, path in _listed(source["S3Uri"], source["S3DataType"]):
        # Keys with a slash at their end are the markers of empty folders.
        if key.endswith("/") or f"s3://{bucket}/{key}" in own:
            continue
        found = Input(bucket, key, f"{target}/{path}.out")
        other = by_output.setdefault(found.output, found)
        if other is not found:
            raise objects.S3AccessError(
                f"The objects {other.key} and {key} of the input would both become {found.output}."
            )
    if not by_output:
        raise objects.S3AccessError(objects.no_objects_message(source["S3Uri"]))
    return list(by_output.values())


def _listed(uri: str, kind: str) -> Iterator[tuple[str, str, str]]:
    """Bucket and key of each object, and its path below the prefix."""
    if kind == "ManifestFile":
        prefix, suffixes = manifest.listed(uri)
        for suffix in suffixes:
            yield *objects.parse_uri(prefix + suffix), suffix.lstrip("/")
    else:
        bucket, prefix = objects.parse_uri(uri)
        for key in sorted(objects.keys(uri)):
            yield bucket, key, objects.path_below(key, prefix)
