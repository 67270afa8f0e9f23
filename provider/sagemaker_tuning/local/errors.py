"""Errors of the API, as AWS's JSON 1.1 protocol carries them."""

from http import HTTPStatus


class ApiError(Exception):
    """A refusal that the caller sees: AWS's error code, its message and an HTTP status.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html
    """

    def __init__(
        self, code: str, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def validation_error(message: str) -> ApiError:
    """The request breaks a rule; the message says which, where and with what value."""
    return ApiError("ValidationException", message)


def serialization_error(message: str) -> ApiError:
    """The body is not JSON of the types that the operation takes."""
    return ApiError("SerializationException", message)


def resource_not_found(message: str) -> ApiError:
    """The named job does not exist in this region."""
    return ApiError("ResourceNotFound", message)


def resource_in_use(message: str) -> ApiError:
    """The name is taken, or the job's state does not allow the call."""
    return ApiError("ResourceInUse", message)


def not_implemented(operation: str) -> ApiError:
    """An operation that this endpoint does not have.

    501 because botocore retries 500, 502, 503 and 504, and a retry would not help.
    """
    return ApiError(
        "UnknownOperationException",
        f"The local SageMaker endpoint does not implement {operation}.",
        HTTPStatus.NOT_IMPLEMENTED,
    )


def internal_failure(message: str) -> ApiError:
    """A defect of the endpoint itself."""
    return ApiError("InternalFailure", message, HTTPStatus.INTERNAL_SERVER_ERROR)
