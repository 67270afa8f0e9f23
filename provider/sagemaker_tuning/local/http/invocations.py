"""InvokeEndpoint, the one operation of the runtime API that is answered here.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

import json
import logging
import re
import uuid
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import unquote

from werkzeug.wrappers import Response

from sagemaker_tuning.local.errors import ApiError, internal_failure, not_implemented
from sagemaker_tuning.local.http.call import Call
from sagemaker_tuning.local.http.responses import json_error
from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.serving.failures import ModelAnsweredError, RetiredError, ServingError
from sagemaker_tuning.local.serving.live_endpoints import DEPLOYED, LiveEndpoints, choose
from sagemaker_tuning.local.serving.variant import Variant
from sagemaker_tuning.local.store import Store

_log = logging.getLogger(__name__)

_SERVICE = "sagemaker"
_BELOW = "/endpoints/"
_PATH = re.compile(r"/endpoints/([^/]+)/invocations")
_OTHERS = {
    "/async-invocations": "InvokeEndpointAsync",
    "/invocations-response-stream": "InvokeEndpointWithResponseStream",
}
_LARGEST_BODY = 6_291_456
# What would be ignored is refused: each of them asks for an answer from somewhere else.
_UNSUPPORTED = {
    "HTTP_X_AMZN_SAGEMAKER_TARGET_MODEL": "TargetModel",
    "HTTP_X_AMZN_SAGEMAKER_TARGET_CONTAINER_HOSTNAME": "TargetContainerHostname",
    "HTTP_X_AMZN_SAGEMAKER_INFERENCE_COMPONENT": "InferenceComponentName",
    "HTTP_X_AMZN_SAGEMAKER_ENABLE_EXPLANATIONS": "EnableExplanations",
    "HTTP_X_AMZN_SAGEMAKER_SESSION_ID": "SessionId",
}


def respond(call: Call, store: Store, endpoints: LiveEndpoints) -> Response | None:
    """The answer to a call of the runtime API, None to any other call."""
    path: str = call.environ["PATH_INFO"]
    # A bucket may have the name too.
    is_here = path.startswith(_BELOW) and call.service != "s3" and not call.target
    if not is_here or (call.environ["REQUEST_METHOD"] != "POST" and call.service != _SERVICE):
        return None
    match = _PATH.fullmatch(path)
    if match is not None and call.environ["REQUEST_METHOD"] == "POST":
        return _answer(call, unquote(match[1]), store, endpoints)
    for suffix, operation in _OTHERS.items():
        if path.endswith(suffix):
            return json_error(not_implemented(operation))
    return json_error(not_implemented(f"{call.environ['REQUEST_METHOD']} {path}"))


def _answer(call: Call, name: str, store: Store, endpoints: LiveEndpoints) -> Response:
    """A model's answer, or an error as the runtime API words it."""
    try:
        while True:
            variant = _variant(call, name, store, endpoints)
            # An update has put another in its place meanwhile.
            with suppress(RetiredError):
                return _invoke(call, name, variant)
    except ApiError as error:
        return json_error(error)
    except ServingError as error:
        return json_error(
            ApiError("ServiceUnavailable", str(error), HTTPStatus.SERVICE_UNAVAILABLE)
        )
    except Exception:  # noqa: BLE001 -- logged; an HTML page would hide it from the client
        _log.exception("InvokeEndpoint")
        return json_error(
            internal_failure("The local SageMaker endpoint failed in InvokeEndpoint.")
        )


def _variant(call: Call, name: str, store: Store, endpoints: LiveEndpoints) -> Variant:
    if len(call.body) > _LARGEST_BODY:
        raise _validation_error(
            "1 validation error detected: Value at 'body' failed to satisfy constraint: Member"
            f" must have length less than or equal to {_LARGEST_BODY}"
        )
    for header, member in _UNSUPPORTED.items():
        if header in call.environ:
            raise _validation_error(f"The local SageMaker endpoint does not support {member}.")
    document = store.find("endpoint", call.region, name)
    variants = endpoints.variants(call.region, name)
    if document is None or not variants:
        raise _validation_error(f"Endpoint {name} of account {ACCOUNT_ID} not found.")
    target = call.environ.get("HTTP_X_AMZN_SAGEMAKER_TARGET_VARIANT")
    if target is None:
        return choose(variants, document.get(DEPLOYED, ()))
    for variant in variants:
        if variant.name == target:
            return variant
    raise _validation_error(
        f"TargetVariant {target} is not a variant of endpoint {name}; it has"
        f" {', '.join(variant.name for variant in variants)}."
    )


def _invoke(call: Call, name: str, variant: Variant) -> Response:
    environ = call.environ
    try:
        content_type, body = variant.invoke(
            environ.get("CONTENT_TYPE", ""), environ.get("HTTP_ACCEPT", ""), call.body
        )
    except ModelAnsweredError as error:
        return _model_error(call.region, name, variant.name, error)
    headers = {
        "x-amzn-RequestId": str(uuid.uuid4()),
        "x-Amzn-Invoked-Production-Variant": variant.name,
    }
    return Response(body, HTTPStatus.OK, headers, content_type=content_type)


def _model_error(region: str, name: str, variant: str, error: ModelAnsweredError) -> Response:
    side = "client" if error.status < HTTPStatus.INTERNAL_SERVER_ERROR else "server"
    group = f"/aws/sagemaker/Endpoints/{name}"
    response = json_error(
        ApiError(
            "ModelError",
            f"Received {side} error ({error.status}) from {variant} with message"
            f' "{error.message}".',
            HTTPStatus.FAILED_DEPENDENCY,
        )
    )
    document = json.loads(response.get_data())
    response.set_data(
        json.dumps(
            {
                **document,
                "Message": document["message"],
                "OriginalStatusCode": error.status,
                "OriginalMessage": error.message,
                "LogStreamArn": f"arn:aws:logs:{region}:{ACCOUNT_ID}:log-group:{group}",
            }
        )
    )
    return response


def _validation_error(message: str) -> ApiError:
    return ApiError("ValidationError", message)
