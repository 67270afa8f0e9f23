"""What SageMaker's training toolkit, in every framework container, makes of hyperparameters.

https://github.com/aws/sagemaker-training-toolkit
"""

import json
from collections.abc import Mapping
from typing import Any, Final

PROGRAM: Final = "sagemaker_program"
SUBMIT_DIRECTORY: Final = "sagemaker_submit_directory"
LOG_LEVEL: Final = "sagemaker_container_log_level"
JOB_NAME: Final = "sagemaker_job_name"
REGION: Final = "sagemaker_region"

_PREFIX: Final = "sagemaker_"
_ITS_OWN: Final = ("_tuning_objective_metric", "default_user_module_name")
_FOR_THE_CONTAINER: Final = (
    PROGRAM,
    SUBMIT_DIRECTORY,
    LOG_LEVEL,
    JOB_NAME,
    REGION,
    "sagemaker_enable_cloudwatch_metrics",
    "sagemaker_s3_output",
)


def is_script_mode(hyperparameters: Mapping[str, str]) -> bool:
    """Whether a container of a framework would run a script of the user's."""
    return PROGRAM in hyperparameters


def decoded(value: str) -> Any:
    """A hyperparameter is taken for JSON where it is, so "100" becomes 100."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def of_users(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """Those that are a script's, decoded."""
    return {
        name: decoded(value)
        for name, value in hyperparameters.items()
        if not name.startswith(_PREFIX) and name not in _ITS_OWN
    }


def of_framework(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """Those that are neither a script's nor the container's own, decoded."""
    return {
        name: decoded(value)
        for name, value in hyperparameters.items()
        if name.startswith(_PREFIX) and name not in _FOR_THE_CONTAINER
    }


def arguments(values: Mapping[str, Any]) -> list[str]:
    """Decoded hyperparameters as a command line: sorted by name, ``--name value`` each."""
    found = []
    for name, value in sorted(values.items()):
        dashes = "--" if len(name) > 1 else "-"
        found += [dashes + name, _argument(value)]
    return found


def variable(value: Any) -> str:
    """A decoded value as an environment variable has it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _argument(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ",".join(f"{name}={each}" for name, each in sorted(value.items()))
    return str(value)
