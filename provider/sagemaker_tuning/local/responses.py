"""HTTP responses, and errors in the form that the caller's protocol has for them."""

import json
import uuid
from collections.abc import Mapping
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from sagemaker_tuning.local.errors import ApiError

_JSON = "application/x-amz-json-1.1"


def json_response(
    body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON 1.1 response."""
    return Response(
        body,
        status,
        {"x-amzn-RequestId": str(uuid.uuid4()), **(headers or {})},
        content_type=_JSON,
    )


def json_error(error: ApiError) -> Response:
    """An error as JSON protocols carry it: the code in the body, and in a header for REST."""
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    return json_response(body, error.status, {"x-amzn-errortype": error.code})


def xml_error(error: ApiError) -> Response:
    """An error as S3 and the query protocols carry it."""
    content = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    request_id = f"<RequestId>{uuid.uuid4()}</RequestId>"
    return Response(
        f"<ErrorResponse><Error><Type>Sender</Type>{content}</Error>{request_id}</ErrorResponse>",
        error.status,
        content_type="text/xml",
    )


def s3_error(error: ApiError) -> Response:
    """An error as S3 carries it."""
    content = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    return Response(f"<Error>{content}</Error>", error.status, content_type="application/xml")
