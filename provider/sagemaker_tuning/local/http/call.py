"""A request as far as it decides who answers it, and how errors are put to its sender."""

import io
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import BinaryIO, Self
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from sagemaker_tuning.local.errors import ApiError, serialization_error
from sagemaker_tuning.local.http.responses import ec2_error, json_error, query_error, s3_error

SAGEMAKER = "SageMaker."
"""What the target of SageMaker's JSON operations begins with."""

_FORM = "application/x-www-form-urlencoded"
_CREDENTIAL = re.compile(r"Credential=[^/\s]*/\d*/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
# CloudWatch and a few others have their operations in the path too.
_RPC = re.compile(r"/service/[^/]+/operation/(\w+)")
# By botocore's service model; S3, the third, has a form of its own.
_REST_XML = frozenset({"cloudfront", "route53"})
_INVOCATION = re.compile(r"/endpoints/[^/]+/invocations")
_DEFAULT_REGION = "us-east-1"
# S3 takes objects of up to 5 GiB in one request; no other service here takes as much as 32 MiB.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html
_LARGEST_OBJECT = 5 * 2**30
_LARGEST_BODY = 32 * 2**20
_CHUNK = 2**16


@dataclass(frozen=True)
class Call:
    """A request with its body."""

    environ: WSGIEnvironment
    body: bytes
    region: str
    service: str

    @classmethod
    def read(cls, environ: WSGIEnvironment) -> Self:
        """Reads the body, which stays in `wsgi.input` for whoever answers.

        Args:
            environ: WSGI; `wsgi.input` must end where the body does.

        Raises:
            ApiError: RequestEntityTooLargeException, or SerializationException for a body that
                breaks off.
        """
        scope = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        region, service = scope.groups() if scope else (_DEFAULT_REGION, "")
        # What is not signed and has no target is S3's: a link that was signed beforehand, say.
        to_s3 = service == "s3" or not (service or environ.get("HTTP_X_AMZ_TARGET"))
        most = _LARGEST_OBJECT if to_s3 else _LARGEST_BODY
        body = _read(environ, most)
        environ["wsgi.input"] = io.BytesIO(body)
        return cls(environ, body, region, service)

    @property
    def target(self) -> str:
        """The operation of a JSON protocol with its service's prefix; empty for the others."""
        target: str = self.environ.get("HTTP_X_AMZ_TARGET", "")
        return target

    @property
    def action(self) -> str:
        """The operation of a query protocol; empty for the others."""
        if not self.environ.get("CONTENT_TYPE", "").startswith(_FORM):
            return ""
        return parse_qs(self.body.decode(errors="replace")).get("Action", [""])[0]

    @property
    def operation(self) -> str:
        """SageMaker's operation by its name, others as `<service>:<operation>`.

        A request of a REST protocol, S3's among them, has the HTTP method for an operation.
        """
        if self.target.startswith(SAGEMAKER):
            return self.target.removeprefix(SAGEMAKER)
        if _INVOCATION.fullmatch(self.environ["PATH_INFO"]):
            return "InvokeEndpoint"
        rpc = _RPC.fullmatch(self.environ["PATH_INFO"])
        name = self.target.rpartition(".")[2] or self.action or (rpc[1] if rpc else "")
        name = name or self.environ["REQUEST_METHOD"]
        return f"{self.service or 's3'}:{name}"

    @property
    def is_for_s3(self) -> bool:
        """Whether it goes to S3, as everything does that does not say otherwise."""
        return self.service == "s3" or not (self.service or self.target or self.action)

    def refuse(self, error: ApiError) -> Response:
        """An error in the form that the call's protocol has for it."""
        if self.is_for_s3:
            return s3_error(error)
        if self.service == "ec2":
            return ec2_error(error)
        if self.action or self.service in _REST_XML:
            return query_error(error)
        return json_error(error)


def _read(environ: WSGIEnvironment, most: int) -> bytes:
    """The whole body, of which no more is read than may be kept."""
    if int(environ.get("CONTENT_LENGTH") or 0) > most:
        raise _too_large(most)
    stream: BinaryIO = environ["wsgi.input"]
    try:
        if not environ.get("wsgi.input_terminated"):
            return stream.read()
        body = bytearray()
        while chunk := stream.read(_CHUNK):
            body += chunk
            if len(body) > most:
                raise _too_large(most)
        return bytes(body)
    except (OSError, BadRequest) as error:
        raise serialization_error(f"The request body cannot be read: {error}") from error


def _too_large(most: int) -> ApiError:
    return ApiError(
        "RequestEntityTooLargeException",
        f"The request body has more than {most} bytes.",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )
