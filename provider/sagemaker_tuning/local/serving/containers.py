"""Container definitions: what can be served of them, and how they answer."""

import re

from sagemaker_tuning.local.serving.failures import ServingError
from sagemaker_tuning.local.serving.messages import Form
from sagemaker_tuning.local.training.algorithms import XGBOOST
from sagemaker_tuning.local.wire import Document

# The versions of the container that answer CSV in one line; later ones have a line for each row.
_ONE_LINE = re.compile(r".*/(xgboost:.+|sagemaker-xgboost:(0\.90-[12]|1\.0-1|1\.2-1)(-\D.*)?)")
# These change what the container answers.
_UNSUPPORTED = (
    "SAGEMAKER_PROGRAM",
    "SAGEMAKER_INFERENCE_OUTPUT",
    "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT",
)

_LARGEST_BODY = "MAX_CONTENT_LENGTH"
_DEFAULT_BODY = str(6 * 2**20)


def require_known(container: Document) -> None:
    """Makes sure that a container would answer as it does on AWS.

    Raises:
        ServingError: there is no program for its image, or none that does as it asks.
    """
    image = container.get("Image", "")
    if container.get("Mode", "SingleModel") != "SingleModel":
        raise ServingError(
            "The local SageMaker endpoint serves containers of Mode SingleModel only."
        )
    if not XGBOOST.image.fullmatch(image):
        raise ServingError(
            f"The local SageMaker endpoint has no program that serves the image {image!r}; it"
            " serves models of built-in XGBoost."
        )
    for name in _UNSUPPORTED:
        if name in container.get("Environment", {}):
            raise ServingError(
                f"The local SageMaker endpoint serves models as built-in XGBoost does by default;"
                f" it does not support the container's Environment variable {name}."
            )


def answers(container: Document) -> Form:
    """How a container answers invocations."""
    return Form.ONE_LINE if _ONE_LINE.fullmatch(container.get("Image", "")) else Form.LINES


def largest_body(container: Document) -> int:
    """How many bytes a container takes at a time; there is no page of AWS's that says so.

    https://github.com/aws/sagemaker-xgboost-container

    Raises:
        ServingError: its `MAX_CONTENT_LENGTH` is no number, with which it would not start.
    """
    length = container.get("Environment", {}).get(_LARGEST_BODY, _DEFAULT_BODY)
    if not length.isdecimal():
        raise ServingError(f"The Environment variable {_LARGEST_BODY} {length!r} is not a number.")
    return int(length)
