"""AWS's and botocore's errors become ours here, and only here."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
    SSLError,
)
from botocore.exceptions import (
    ConnectionError as NotConnected,
)

from sagemaker_tuning.core.errors import AwsCallFailed, QuotaExceeded, TuningJobNotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

THROTTLING_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""Every name under which an AWS service throttles:
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html"""

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html
_TRANSIENT_CODES = THROTTLING_CODES | {
    "InternalFailure",
    "InternalServerError",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
}
_EXPIRED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
# Keys that were rotated look like this until they are looked up anew.
_REJECTED_CODES = frozenset({"InvalidClientTokenId", "UnrecognizedClientException"})
# Older operations say ValidationException of what is absent, newer ones ResourceNotFound.
_ABSENT_CODES = frozenset({"ResourceNotFound", "ValidationException"})
_QUOTA = re.compile(r"service limit '.*' is (\d+)\b")
_TOO_MANY_REQUESTS = 429
_SERVER_FAULT = 500


@contextmanager
def translated(operation: str, request: Mapping[str, Any]) -> Iterator[None]:
    """Raise our errors where botocore raises its own.

    Args:
        operation: The call, such as ``DescribeModel``.
        request: Its arguments; of a Describe the first is what is described.

    Raises:
        AwsCallFailed: AWS refused, or did not answer.
        QuotaExceeded: A service quota has no room.
        TuningJobNotFound: What a Describe asked for is not there.
    """
    try:
        yield
    except ClientError as error:
        raise _refused(operation, request, error) from error
    except BotoCoreError as error:
        raise _unanswered(operation, error) from error


def _refused(
    operation: str, request: Mapping[str, Any], error: ClientError
) -> AwsCallFailed | TuningJobNotFound:
    answer = error.response
    code, said = answer["Error"].get("Code", ""), answer["Error"].get("Message", "")
    http_status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if operation.startswith("Describe") and code in _ABSENT_CODES:
        return TuningJobNotFound(f"{operation} of {next(iter(request.values()))}: {said}")
    request_id = answer.get("ResponseMetadata", {}).get("RequestId")
    if code == "ResourceLimitExceeded":
        quota = _QUOTA.search(said)
        return QuotaExceeded(
            f"{operation} was refused: {code}: {said}",
            quota=int(quota[1]) if quota else None,
            operation=operation,
            code=code,
            request_id=request_id,
        )
    return AwsCallFailed(
        f"{operation} was refused: {code}: {said}",
        operation=operation,
        code=code,
        request_id=request_id,
        is_transient=code in _TRANSIENT_CODES | _EXPIRED_CODES
        or http_status == _TOO_MANY_REQUESTS
        or http_status >= _SERVER_FAULT,
        is_ambiguous=http_status >= _SERVER_FAULT,
        is_credential=code in _EXPIRED_CODES | _REJECTED_CODES,
    )


def _unanswered(operation: str, error: BotoCoreError) -> AwsCallFailed:
    what = "was not sent" if isinstance(error, ParamValidationError) else "got no answer"
    # A connection that was never made carried nothing; one that broke may have.
    is_broken = isinstance(error, HTTPClientError | SSLError)
    is_credential = isinstance(error, NoCredentialsError | CredentialRetrievalError)
    failed = AwsCallFailed(
        f"{operation} {what}: {type(error).__name__}: {error}",
        operation=operation,
        code=type(error).__name__,
        is_transient=is_broken or isinstance(error, NotConnected | CredentialRetrievalError),
        is_ambiguous=is_broken,
        is_credential=is_credential,
    )
    failed.is_retried = not isinstance(error, ParamValidationError)
    return failed
