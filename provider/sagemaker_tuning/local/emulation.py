"""The AWS services that moto emulates, and what requests to them can ask for."""

from collections.abc import Collection
from functools import lru_cache
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import ServiceModel
from moto.backend_index import backend_url_patterns
from moto.backends import list_of_moto_modules
from moto.core.common_models import BaseModel
from moto.moto_server import werkzeug_app
from moto.moto_server.utilities import RegexConverter
from moto.moto_server.werkzeug_app import SIGNING_ALIASES, DomainDispatcherApplication

METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "OPTIONS")

# Services that botocore has under several names, whose requests are signed for one.
_FAMILIES = {
    "bedrock": ("bedrock", "bedrock-runtime"),
    "dynamodb": ("dynamodb", "dynamodbstreams"),
    "elasticloadbalancing": ("elb", "elbv2"),
    "rds": ("rds", "docdb", "neptune"),
    "ses": ("ses", "sesv2"),
}


class Moto(DomainDispatcherApplication):
    """moto's application. Unlike its own it raises NotImplementedError for other services.

    Nor does it keep each object that any service has ever made, as moto does for its dashboard,
    which is closed here: log lines and objects in S3 would stay in memory when they are gone.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        BaseModel.__new__ = staticmethod(_made)  # type: ignore[assignment,method-assign]
        werkzeug_app.RegexConverter = _AnyCharacter  # type: ignore[attr-defined]

    def get_backend_for_host(self, host: str | None) -> Any:
        """Raises at once, where its own prints to standard output and fails later."""
        if host is None:
            return None
        backend = _backend(host)
        if backend is None:
            raise NotImplementedError(host)
        return backend


def _made(model: type, *_args: object, **_kwargs: object) -> Any:
    return object.__new__(model)


class _AnyCharacter(RegexConverter):
    """A part of a path that may have line breaks in it, as keys of S3 may."""

    def __init__(self, url_map: Any, *items: Any) -> None:
        super().__init__(url_map, *items)
        self.regex = f"(?s:{self.regex})"


def is_emulated(service: str) -> bool:
    """Whether there are answers to requests that are signed for a service.

    Raises:
        SignedOtherwiseError: botocore has a service of that name, whose requests are signed for
            another one.
    """
    model = _model(service)
    if model is not None and model.signing_name != service:
        raise SignedOtherwiseError(model.signing_name)
    if model is not None and service in list_of_moto_modules():
        return True
    return _backend(_host(service)) is not None


class SignedOtherwiseError(Exception):
    """Requests to a service are signed for another name, which `args` has."""


def operations(service: str) -> Collection[str]:
    """What a request to an emulated service can be for: operations, or a REST API's methods.

    Empty where it is not known.
    """
    backend = _backend(_host(service))
    for names in (_FAMILIES.get(service, ()), (service,), (backend,)):
        models = [model for model in map(_model, names) if model is not None]
        if models:
            return {each for model in models for each in _operations(model)}
    return ()


def method_of(service: str, operation: str) -> str | None:
    """The HTTP method of a REST API's operation, None where there is no such operation."""
    model = _model(service)
    if model is None or operation not in model.operation_names:
        return None
    method: str = model.operation_model(operation).http["method"]
    return method


def _operations(model: ServiceModel) -> Collection[str]:
    rest = str(model.metadata.get("protocol")).startswith("rest")
    return METHODS if rest else list(model.operation_names)


def _host(service: str) -> str:
    return f"{SIGNING_ALIASES.get(service, service)}.us-east-1.amazonaws.com"


@lru_cache(256)
def _model(name: str | None) -> ServiceModel | None:
    if name is None:
        return None
    try:
        return ServiceModel(Loader().load_service_model(name, "service-2"), name)
    except UnknownServiceError:
        return None


@lru_cache(256)
def _backend(host: str) -> str | None:
    if host in list_of_moto_modules():
        return host
    found = (name for name, pattern in backend_url_patterns if pattern.match(f"http://{host}"))
    return next(found, None)
