"""HTTP responses, and errors in the form that the caller's protocol has for them."""

import json
import uuid
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from sagemaker_tuning.local.errors import ApiError


def json_response(body: bytes, status: int = 200) -> Response:
    """A JSON 1.1 response."""
    headers = {"x-amzn-RequestId": str(uuid.uuid4())}
    return Response(body, status, headers, content_type="application/x-amz-json-1.1")


def json_error(error: ApiError) -> Response:
    """An error as JSON protocols carry it: the code in the body, and in a header for REST."""
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    response = json_response(body, error.status)
    response.headers["x-amzn-errortype"] = error.code
    return response


def query_error(error: ApiError) -> Response:
    """An error as the query and REST-XML protocols carry it."""
    return _xml(
        error,
        f"<ErrorResponse>{_element(error)}<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>",
    )


def ec2_error(error: ApiError) -> Response:
    """An error as EC2 carries it."""
    return _xml(
        error,
        f"<Response><Errors>{_element(error)}</Errors><RequestID>{uuid.uuid4()}</RequestID>"
        "</Response>",
    )


def s3_error(error: ApiError) -> Response:
    """An error as S3 carries it."""
    return _xml(error, _element(error))


def _element(error: ApiError) -> str:
    code, message = escape(error.code), escape(error.message)
    return f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"


def _xml(error: ApiError, body: str) -> Response:
    return Response(body, error.status, content_type="text/xml")
