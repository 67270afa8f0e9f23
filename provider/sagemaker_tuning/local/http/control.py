"""The endpoint's own routes, below `/_local/`: health, policies and faults on demand."""

import hmac
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from wsgiref.types import WSGIEnvironment

from werkzeug.wrappers import Response

from sagemaker_tuning.local.access.access import Access
from sagemaker_tuning.local.access.policies import PolicyError
from sagemaker_tuning.local.access.route import ACCESS
from sagemaker_tuning.local.errors import ApiError, serialization_error, validation_error
from sagemaker_tuning.local.faults import rules
from sagemaker_tuning.local.faults.faults import Faults
from sagemaker_tuning.local.faults.route import FAULTS, TOKEN_HEADER
from sagemaker_tuning.local.http.call import Call
from sagemaker_tuning.local.http.responses import json_error, json_response
from sagemaker_tuning.local.names import ACCOUNT_ID

PREFIX = "/_local/"
"""No bucket's name begins with an underscore, so that no route of S3's is hidden."""

_HEALTH = f"{PREFIX}health"
_TOKEN = "HTTP_" + TOKEN_HEADER.upper().replace("-", "_")


class Control:
    """Answers what is below `/_local/`.

    Args:
        tuning_jobs: how many tuning jobs are live.
        faults: the fault rules.
        token: what a request has to carry that sets fault rules or policies; None lets nobody.
        access: what callers may do.
    """

    def __init__(
        self,
        tuning_jobs: Callable[[], int],
        faults: Faults,
        token: str | None,
        access: Access,
    ) -> None:
        self._tuning_jobs = tuning_jobs
        self._faults = faults
        self._token = token
        self._access = access

    def answer(self, environ: WSGIEnvironment) -> Response:
        """The answer to a request, an error at the worst."""
        try:
            return _json(self._route(environ))
        except ApiError as error:
            return json_error(error)

    def _route(self, environ: WSGIEnvironment) -> Any:
        path = environ["PATH_INFO"]
        if path == _HEALTH:
            return {"status": "ok", "account": ACCOUNT_ID, "tuning_jobs": self._tuning_jobs()}
        if path == ACCESS and environ["REQUEST_METHOD"] == "GET":
            return self._access.told()
        if path == ACCESS and self._token is not None:
            return self._policies(environ, self._token)
        if path == FAULTS and self._token is not None:
            return self._fault_rules(environ, self._token)
        raise ApiError(
            "ResourceNotFound",
            f"There is nothing at {path} for {environ['REQUEST_METHOD']}. {FAULTS}, and PUT of"
            f" {ACCESS}, are there with --faults.",
            HTTPStatus.NOT_FOUND,
        )

    def _policies(self, environ: WSGIEnvironment, token: str) -> Any:
        _check_token(environ, token)
        if environ["REQUEST_METHOD"] not in {"PUT", "DELETE"}:
            raise ApiError(
                "ValidationException",
                f"{environ['REQUEST_METHOD']} is no method of {ACCESS}. PUT replaces the policies,"
                " DELETE lifts them, GET tells how they were used.",
                HTTPStatus.METHOD_NOT_ALLOWED,
            )
        try:
            self._access.replace(_body(environ) if environ["REQUEST_METHOD"] == "PUT" else [])
        except PolicyError as error:
            raise validation_error(str(error)) from error
        return self._access.told()

    def _fault_rules(self, environ: WSGIEnvironment, token: str) -> Any:
        _check_token(environ, token)
        method = environ["REQUEST_METHOD"]
        if method == "PUT":
            self._faults.replace(rules.read(_body(environ)))
        elif method == "POST":
            self._faults.add(rules.read(_body(environ)))
        elif method == "DELETE":
            self._faults.replace(())
        elif method != "GET":
            raise ApiError(
                "ValidationException",
                f"{method} is no method of {FAULTS}. PUT replaces the rules, POST adds to them,"
                " GET lists and DELETE clears them.",
                HTTPStatus.METHOD_NOT_ALLOWED,
            )
        return {"rules": self._faults.listed()}


def _check_token(environ: WSGIEnvironment, token: str) -> None:
    given = environ.get(_TOKEN, "")
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise ApiError(
            "AccessDeniedException",
            f"The header {TOKEN_HEADER} must have the token that the endpoint printed when it"
            " started.",
            HTTPStatus.FORBIDDEN,
        )


def _body(environ: WSGIEnvironment) -> Any:
    try:
        return json.loads(Call.read(environ).body)
    except (ValueError, RecursionError) as error:
        raise serialization_error(f"The request body is not valid JSON: {error}") from error


def _json(document: Any) -> Response:
    return json_response(json.dumps(document).encode())
