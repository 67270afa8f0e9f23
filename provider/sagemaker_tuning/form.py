"""Fields of Airflow's trigger form for what AWS has as lists and objects.

Airflow checks a run's values by their JSON schemas: what does not fit is refused before the run
exists. https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/params.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import Param

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SCALING_TYPES = ["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"]
_MOST_RANGES = 30
_MOST_PARENTS = 5
_MOST_TAGS = 43
_TEXT = {"type": "string", "minLength": 1}


def section(title: str, **fields: Param) -> dict[str, Param]:
    """Give fields that stand below one heading of the form.

    Example:
        >>> params = section("Data", bucket=Param("my-bucket", type="string", title="S3 bucket"))
        >>> params["bucket"].schema["section"]
        'Data'
    """
    for param in fields.values():
        param.schema["section"] = title
    return fields


def number_ranges(
    default: Sequence[Mapping[str, Any]], title: str, *, is_integer: bool = False, **schema: Any
) -> Param:
    """Give a field for ``ContinuousParameterRanges``, or ``IntegerParameterRanges``.

    Example:
        >>> eta = {"Name": "eta", "MinValue": 0.1, "MaxValue": 0.5}
        >>> number_ranges([eta], "Continuous").resolve()
        [{'Name': 'eta', 'MinValue': 0.1, 'MaxValue': 0.5}]
    """
    bound = {"type": ["integer" if is_integer else "number", "string"]}
    keys = {"Name": _TEXT, "MinValue": bound, "MaxValue": bound}
    scaling = {"ScalingType": {"enum": _SCALING_TYPES}}
    return _list_of(keys, scaling, default, title, maxItems=_MOST_RANGES, **schema)


def categorical_ranges(default: Sequence[Mapping[str, Any]], title: str, **schema: Any) -> Param:
    """Give a field for ``CategoricalParameterRanges``."""
    values = {"type": "array", "minItems": 1, "maxItems": 30}
    keys = {"Name": _TEXT, "Values": values}
    return _list_of(keys, {}, default, title, maxItems=_MOST_RANGES, **schema)


def tags(default: Sequence[Mapping[str, str]] = (), title: str = "Tags", **schema: Any) -> Param:
    """Give a field for ``Tags``."""
    keys = {"Key": _TEXT, "Value": {"type": "string"}}
    return _list_of(keys, {}, default, title, maxItems=_MOST_TAGS, **schema)


def hourly_rates(
    default: Mapping[str, Any] | None = None, title: str = "Rates of an instance hour"
) -> Param:
    """Give a field for the argument ``hourly_rates``; empty where nothing is to be estimated."""
    about = 'In any one currency, such as `{"ml.m5.large": 0.115}`. For an estimate, never fetched.'
    return Param(default, type=["object", "null"], title=title, description_md=about)


def warm_start_parents(default: Sequence[str] = (), title: str = "Parents") -> Param:
    """Give a field for the names of up to five tuning jobs, one a line."""
    return Param(
        list(default), type=["array", "null"], items=_TEXT, maxItems=_MOST_PARENTS, title=title
    )


def warm_start_config(parents: Sequence[str] | None, warm_start_type: str) -> dict[str, Any] | None:
    """Give the ``WarmStartConfig`` of what ``warm_start_parents`` has; None without parents.

    Example:
        >>> warm_start_config(["churn-1"], "TransferLearning")["WarmStartType"]
        'TransferLearning'
        >>> warm_start_config([], "TransferLearning") is None
        True
    """
    if not parents:
        return None
    return {
        "ParentHyperParameterTuningJobs": [
            {"HyperParameterTuningJobName": name} for name in parents
        ],
        "WarmStartType": warm_start_type,
    }


def completion_criteria(
    target: float | None = None, not_improving: int | None = None, *, convergence: bool = False
) -> dict[str, Any] | None:
    """Give the ``TuningJobCompletionCriteria`` of three fields; None without any.

    Args:
        target: ``TargetObjectiveMetricValue``.
        not_improving: ``MaxNumberOfTrainingJobsNotImproving``, 3 or more.
        convergence: Whether a search that has converged is complete.

    Example:
        >>> completion_criteria(target=0.99)
        {'TargetObjectiveMetricValue': 0.99}
        >>> completion_criteria() is None
        True
    """
    criteria: dict[str, Any] = {}
    if target is not None:
        criteria["TargetObjectiveMetricValue"] = target
    if not_improving is not None:
        criteria["BestObjectiveNotImproving"] = {
            "MaxNumberOfTrainingJobsNotImproving": not_improving
        }
    if convergence:
        criteria["ConvergenceDetected"] = {"CompleteOnConvergence": "Enabled"}
    return criteria or None


def _list_of(
    required: Mapping[str, Any],
    optional: Mapping[str, Any],
    default: Sequence[Mapping[str, Any]],
    title: str,
    **schema: Any,
) -> Param:
    item = {
        "type": "object",
        "required": list(required),
        "properties": {**required, **optional},
        "additionalProperties": False,
    }
    return Param([*default], type="array", items=item, title=title, **schema)
