"""The gate's arguments, which may have been templates, as what they mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import InvalidTuningRequest, Violation
from sagemaker_tuning.hooks import held_out_data
from sagemaker_tuning.operators.documents import as_document, as_mapping
from sagemaker_tuning.operators.training_job import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_OWN_OF_JOB = ("TransformJobName", "ModelName", "TransformInput", "DataProcessing", "Tags")
_OWN_OF_MODEL = ("ModelName", "ExecutionRoleArn", "PrimaryContainer", "Containers", "Tags")


@dataclass(frozen=True, slots=True)
class GateArguments:
    """The arguments that may have been templates, as what they mean."""

    instance_count: int
    margin: float
    objective_type: str | None
    transform_job_fields: Mapping[str, Any]
    model_fields: Mapping[str, Any]
    tags: Sequence[Mapping[str, str]]

    @classmethod
    def of(cls, task: Any) -> GateArguments:
        """Read them.

        Raises:
            InvalidTuningRequest: With all that is wrong.
        """
        job_fields = as_mapping(task.transform_job_fields, "transform_job_fields")
        model_fields = as_mapping(task.model_fields, "model_fields")
        mistakes = [
            *_own("transform_job_fields", job_fields, _OWN_OF_JOB),
            *_own_of_output("transform_job_fields.TransformOutput", job_fields),
            *_own("model_fields", model_fields, _OWN_OF_MODEL),
            *_mistakes(held_out_data.place_of, task.data, "data"),
            *_mistakes(held_out_data.place_of, task.s3_output_path, "s3_output_path"),
            *_mistakes(whole_number, "instance_count", task.instance_count),
        ]
        kind = task.objective_type or None
        if kind not in {None, "Maximize", "Minimize"}:
            mistakes.append(Violation("objective_type", repr(kind), "Maximize or Minimize"))
        tags = as_document(task.tags, "tags") or []
        if not isinstance(tags, list):
            mistakes.append(Violation("tags", repr(tags), '[{"Key": …, "Value": …}]'))
        margin = _number(task.margin)
        if margin is None or margin < 0:
            rule = "a number of 0 or more, in the metric's unit"
            mistakes.append(Violation("margin", repr(task.margin), rule))
        if mistakes:
            raise InvalidTuningRequest(mistakes)
        return cls(
            instance_count=whole_number("instance_count", task.instance_count),
            margin=margin or 0.0,
            objective_type=kind,
            transform_job_fields=job_fields,
            model_fields=model_fields,
            tags=tags,
        )


def _mistakes(read: Callable[..., object], *arguments: Any) -> Iterator[Violation]:
    try:
        read(*arguments)
    except InvalidTuningRequest as error:
        yield from error.violations


def _own(path: str, document: Mapping[str, Any], own: Sequence[str]) -> Iterator[Violation]:
    for key in document:
        if key in own:
            yield Violation(f"{path}.{key}", "not to be given here", "the gate says it itself")


def _own_of_output(path: str, job_fields: Mapping[str, Any]) -> Iterator[Violation]:
    output = job_fields.get("TransformOutput", {})
    if isinstance(output, dict):
        yield from _own(path, output, ("S3OutputPath",))
    else:
        yield Violation(path, repr(output), "an object with what is to be other in it")


def _number(value: object) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
