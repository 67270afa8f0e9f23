"""The one WSGI application of the endpoint: ours first, then moto's.

moto answers for all of AWS that is not tuning and training. A web page that a user happens to
visit must reach none of it, so a request that comes from a page, or that was sent to a name
that is not this machine's, goes no further.
"""

import json
import logging
from collections.abc import Iterable
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

from sagemaker_tuning.local import event_targets, wire
from sagemaker_tuning.local.access.access import Access
from sagemaker_tuning.local.api import OPERATIONS, TAG_OPERATIONS, WITHHELD, Operation, tags
from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.errors import ApiError, internal_failure, not_implemented
from sagemaker_tuning.local.faults.faults import Faults
from sagemaker_tuning.local.http import control, faulty, iam, invocations
from sagemaker_tuning.local.http.call import SAGEMAKER, Call
from sagemaker_tuning.local.http.hosts import AllowedHosts
from sagemaker_tuning.local.http.responses import json_error, json_response
from sagemaker_tuning.local.runner.live_jobs import LiveJobs
from sagemaker_tuning.local.serving.live_endpoints import LiveEndpoints
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.training.algorithms import BUILT_IN_ALONE, Algorithms
from sagemaker_tuning.local.transform.live_transform_jobs import LiveTransformJobs

_log = logging.getLogger(__name__)

# Typed into the address bar, or from a page of this endpoint: what a browser may send.
_NO_OTHER_SITE = ("none", "same-origin")
# moto's own control routes reset and seed its backends, for whoever asks.
_MOTO_CONTROL = ("/moto-api", "/favicon.ico")
# How the pages begin that moto's web framework answers with where there is no route.
_PAGE = b"<!doctype html"
_CLOSED = ApiError(
    "ServiceUnavailable",
    "The local SageMaker endpoint is ending.",
    HTTPStatus.SERVICE_UNAVAILABLE,
)


class Dispatcher:
    """Answers every request, with an AWS error at the worst.

    It raises nothing but `ConnectionDropped`, where a fault rule wants that.

    Args:
        store: the jobs.
        live_jobs: those of them that run.
        hosts: the `Host` headers taken.
        moto: moto's application for all other services.
        faults: the fault rules.
        endpoints: the models that answer.
        transform_jobs: those of them that run.
        algorithms: what training jobs can run.
        fault_token: what a request to the fault rules has to carry; None closes their route.
        access: what callers may do; everything by default.
    """

    def __init__(
        self,
        store: Store,
        live_jobs: LiveJobs,
        hosts: AllowedHosts,
        moto: WSGIApplication,
        *,
        faults: Faults,
        endpoints: LiveEndpoints,
        transform_jobs: LiveTransformJobs,
        algorithms: Algorithms = BUILT_IN_ALONE,
        fault_token: str | None = None,
        access: Access | None = None,
    ) -> None:
        self._store = store
        self._live_jobs = live_jobs
        self._hosts = hosts
        self._moto = moto
        self._faults = faults
        self._endpoints = endpoints
        self._transform_jobs = transform_jobs
        self._algorithms = algorithms
        self._access = Access() if access is None else access
        self._control = control.Control(live_jobs.count, faults, fault_token, self._access)
        self._closed = False

    def close(self) -> None:
        """From here on every call is refused, to be repeated later; those under way go on."""
        self._closed = True

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI; `wsgi.input` must end where the body does."""
        refusal = self._refusal(environ)
        if refusal is not None:
            return json_error(refusal)(environ, start_response)
        if environ["PATH_INFO"].startswith(control.PREFIX):
            return self._control.answer(environ)(environ, start_response)
        try:
            call = Call.read(environ)
        except ApiError as error:
            return json_error(error)(environ, start_response)
        if self._closed:
            return call.refuse(_CLOSED)(environ, start_response)
        return faulty.serve(
            self._faults, call, start_response, lambda _, start: self._serve(call, start)
        )

    def _serve(self, call: Call, start_response: StartResponse) -> Iterable[bytes]:
        denied = self._access.refusal(call)
        if denied is not None:
            return call.refuse(denied)(call.environ, start_response)
        response = self._own(call)
        if response is not None:
            return response(call.environ, start_response)
        try:
            answer, status, headers = run_wsgi_app(self._moto, call.environ)
        except Exception as error:  # noqa: BLE001 -- moto raises whatever its handlers do
            return _moto_failed(call, error)(call.environ, start_response)
        code = int(status.partition(" ")[0])
        if code == HTTPStatus.NOT_FOUND and (denied := self._access.absence(call)) is not None:
            return call.refuse(denied)(call.environ, start_response)
        if code >= HTTPStatus.BAD_REQUEST:
            body = b"".join(answer)
            if body[: len(_PAGE)].lower() == _PAGE:
                return call.refuse(_not_emulated(call))(call.environ, start_response)
            answer = [body]
        start_response(status, list(headers))
        return answer

    def _refusal(self, environ: WSGIEnvironment) -> ApiError | None:
        host = environ.get("HTTP_HOST", "")
        if "HTTP_ORIGIN" in environ:
            reason = (
                f"Requests of web pages are refused; this one has Origin {environ['HTTP_ORIGIN']}."
            )
        elif environ.get("HTTP_SEC_FETCH_SITE", "none") not in _NO_OTHER_SITE:
            # Browsers leave out Origin where a page only links or embeds.
            reason = (
                "Requests of web pages are refused; this one has Sec-Fetch-Site"
                f" {environ['HTTP_SEC_FETCH_SITE']}."
            )
        elif not self._hosts.allows(host):
            reason = (
                f"The Host header '{host}' is not a name of this endpoint. Call it by the address"
                " that it printed when it started."
            )
        elif environ["PATH_INFO"].startswith(_MOTO_CONTROL):
            reason = f"{environ['PATH_INFO']} is closed."
        else:
            return None
        return ApiError("AccessDeniedException", reason, HTTPStatus.FORBIDDEN)

    def _own(self, call: Call) -> Response | None:
        """The answer to what is ours, None for what is not."""
        if call.service == "iam" and call.action == iam.SIMULATE:
            return iam.simulate_principal_policy(call.body)
        invocation = invocations.respond(call, self._store, self._endpoints)
        if invocation is not None:
            return invocation
        if not call.target.startswith(SAGEMAKER):
            return _refusal_of_targets(call)
        name = call.target.removeprefix(SAGEMAKER)
        operation = OPERATIONS.get(name)
        if operation is None and name in TAG_OPERATIONS and _names_our_resource(call.body):
            operation = TAG_OPERATIONS[name]
        if name in WITHHELD or name not in wire.service_model().operation_names:
            return json_error(not_implemented(name))
        if operation is None:
            return _refusal_before_moto(call, name)
        return self._answer(call, name, operation)

    def _answer(self, call: Call, name: str, operation: Operation) -> Response:
        context = Context(
            call.region,
            self._store,
            self._live_jobs,
            self._faults,
            self._endpoints,
            self._transform_jobs,
            self._algorithms,
        )
        try:
            answer = operation(context, wire.parse(name, call.body))
            return json_response(wire.serialise(name, answer))
        except ApiError as error:
            return json_error(error)
        except Exception:  # noqa: BLE001 -- logged; an HTML page would hide it from the client
            _log.exception("%s", name)
            return json_error(internal_failure(f"The local SageMaker endpoint failed in {name}."))


def _refusal_before_moto(call: Call, name: str) -> Response | None:
    """What moto would fail on, or give to another service, is refused as AWS does."""
    if call.service != "sagemaker":
        return json_error(
            ApiError(
                "MissingAuthenticationTokenException",
                f"Missing Authentication Token: {name} has to be signed for sagemaker.",
                HTTPStatus.FORBIDDEN,
            )
        )
    try:
        wire.parse(name, call.body)
    except ApiError as error:
        return json_error(error)
    return None


def _refusal_of_targets(call: Call) -> Response | None:
    """What moto would take, and no event could be sent to."""
    if call.target != event_targets.PUT_TARGETS:
        return None
    try:
        event_targets.check(call.body)
    except ApiError as error:
        return json_error(error)
    return None


def _names_our_resource(body: bytes) -> bool:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and tags.is_ours(document.get("ResourceArn"))


def _moto_failed(call: Call, error: Exception) -> Response:
    """An error of moto's, in the protocol of the call; what moto lacks is not worth a retry."""
    # Some services need packages that are not installed with the endpoint.
    if isinstance(error, NotImplementedError | ImportError):
        return call.refuse(_not_emulated(call))
    _log.error("moto failed in %s", call.operation, exc_info=error)
    return call.refuse(internal_failure(f"moto failed in {call.operation}: {error}"))


def _not_emulated(call: Call) -> ApiError:
    """As `not_implemented`, of other services."""
    path = "" if call.target or call.action else f" {call.environ['PATH_INFO']}"
    return ApiError(
        "UnknownOperationException",
        f"The local SageMaker endpoint does not emulate {call.operation}{path}.",
        HTTPStatus.NOT_IMPLEMENTED,
    )
