"""Requests under the fault rules: late, refused, or without an answer."""

import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIApplication

from sagemaker_tuning.local.errors import ApiError
from sagemaker_tuning.local.faults.faults import Faults
from sagemaker_tuning.local.http.call import Call
from sagemaker_tuning.local.http.server import ConnectionDropped
from sagemaker_tuning.local.wire import Document

_AFTER = frozenset({"drop_after", "error_after"})
_DROPS = frozenset({"drop_before", "drop_after"})


def serve(
    faults: Faults, call: Call, start_response: StartResponse, application: WSGIApplication
) -> Iterable[bytes]:
    """Has a call carried out and answered by the application, as far as the fault rules let it.

    Raises:
        ConnectionDropped: a rule wants no answer at all.
    """
    struck = faults.strike_request(call.operation)
    if not struck:
        return application(call.environ, start_response)
    for latency in struck:
        if latency["kind"] == "latency":
            time.sleep(latency["seconds"])
    rule = struck[-1]
    if rule["kind"] == "latency":
        return application(call.environ, start_response)
    if rule["kind"] in _AFTER:
        _carry_out(application, call)
    if rule["kind"] in _DROPS:
        raise ConnectionDropped
    return call.refuse(_error(rule, call))(call.environ, start_response)


def _carry_out(application: WSGIApplication, call: Call) -> None:
    """What the application answers is for nobody."""
    answer = application(call.environ, _unheard)
    for _ in answer:
        pass
    close: Callable[[], None] | None = getattr(answer, "close", None)
    if close is not None:
        close()


def _unheard(*_: object) -> Callable[[bytes], object]:
    return lambda _: None


def _error(rule: Document, call: Call) -> ApiError:
    if rule["kind"] != "throttle":
        return ApiError(rule["code"], rule["message"], HTTPStatus(rule["status"]))
    if call.service == "s3":
        return ApiError(
            "SlowDown", "Please reduce your request rate.", HTTPStatus.SERVICE_UNAVAILABLE
        )
    return ApiError("ThrottlingException", "Rate exceeded")
