"""What data a tuning job and a model are made of, under the names that OpenLineage gives it.

https://openlineage.io/docs/spec/naming
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_S3 = "s3://"


class DatasetName(NamedTuple):
    """A dataset's name, and the namespace of what holds it."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """What was read, and what was written: each once, in the order in which it was found."""

    inputs: tuple[DatasetName, ...] = ()
    outputs: tuple[DatasetName, ...] = ()


def s3_dataset(uri: object) -> DatasetName | None:
    """Name an object or a prefix, as the amazon provider does; None for what is not in S3."""
    if not isinstance(uri, str) or not uri.startswith(_S3):
        return None
    bucket, _, key = uri.removeprefix(_S3).partition("/")
    return DatasetName(_S3 + bucket, key or "/") if bucket else None


def model_dataset(arn: str) -> DatasetName:
    """Name a model by its ARN, split as OpenLineage splits the ARN of a table in AWS Glue."""
    namespace, _, resource = arn.rpartition(":")
    return DatasetName(namespace, resource)


def object_lineage(uri: object) -> Lineage:
    """Give what is written to one place in S3; nothing if it is elsewhere, or None."""
    return Lineage(outputs=_datasets([uri]))


def tuning_job_lineage(document: Mapping[str, Any]) -> Lineage:
    """Give the input channels in S3, the output paths and the artifact of the best training job.

    Args:
        document: Request of CreateHyperParameterTuningJob, or answer of Describe, which alone has
            a best training job. Any value in any place is borne.
    """
    definitions = list(_definitions(document))
    return Lineage(
        inputs=_datasets(uri for definition in definitions for uri in _input_uris(definition)),
        outputs=_datasets(
            [
                *(
                    _at(definition, "OutputDataConfig", "S3OutputPath")
                    for definition in definitions
                ),
                _best_artifact(definitions, document),
            ]
        ),
    )


def model_lineage(request: Mapping[str, Any], model_arn: str) -> Lineage:
    """Give the artifacts that a model is of, and the model.

    Args:
        request: Of CreateModel.
        model_arn: ``ModelArn``.
    """
    containers = [request.get("PrimaryContainer"), *_items(request.get("Containers"))]
    uris = [
        uri
        for container in containers
        for uri in (
            _at(container, "ModelDataUrl"),
            _at(container, "ModelDataSource", "S3DataSource", "S3Uri"),
        )
    ]
    return Lineage(inputs=_datasets(uris), outputs=(model_dataset(model_arn),))


def _definitions(document: Mapping[str, Any]) -> Iterator[Any]:
    yield from _items([document.get("TrainingJobDefinition")])
    yield from _items(document.get("TrainingJobDefinitions"))


def _input_uris(definition: Any) -> Iterator[Any]:
    for channel in _items(_at(definition, "InputDataConfig")):
        yield _at(channel, "DataSource", "S3DataSource", "S3Uri")


def _best_artifact(definitions: list[Any], document: Mapping[str, Any]) -> str | None:
    """Give where the best training job's artifact is.

    https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-training.html
    """
    name = _at(document, "BestTrainingJob", "TrainingJobName")
    chosen = _at(document, "BestTrainingJob", "TrainingJobDefinitionName")
    for definition in definitions:
        output = _at(definition, "OutputDataConfig")
        path = _at(output, "S3OutputPath")
        is_its = len(definitions) == 1 or _at(definition, "DefinitionName") == chosen
        if is_its and isinstance(path, str) and isinstance(name, str):
            file = "model/" if _at(output, "CompressionType") == "NONE" else "model.tar.gz"
            return f"{path.rstrip('/')}/{name}/output/{file}"
    return None


def _datasets(uris: Iterable[object]) -> tuple[DatasetName, ...]:
    names = map(s3_dataset, uris)
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _items(value: object) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        yield from (item for item in value if isinstance(item, dict))


def _at(document: object, *keys: str) -> Any:
    found = document
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found
