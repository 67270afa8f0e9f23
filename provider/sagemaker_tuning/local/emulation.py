"""The AWS services that moto emulates, and what requests to them can ask for."""

import gzip
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
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

# A model's metadata come first, and have less than a thousand characters.
_BEGINNING = 4096
_SIGNED_FOR = re.compile(r'"(signingName|endpointPrefix)"\s*:\s*"([^"]+)"')


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


def is_emulated(signing_name: str) -> bool:
    """Whether there are answers to requests that are signed for a service of that name."""
    if signing_name not in _services():
        return False
    model = _model(signing_name)
    if model is not None and model.signing_name != signing_name:  # it is meant, not another
        return False
    return signing_name in list_of_moto_modules() or _backend(_host(signing_name)) is not None


def signing_name(service: str) -> str | None:
    """What requests to a service are signed for, however it is called; None if not emulated.

    Args:
        service: that name itself, botocore's, that of an endpoint, or one of moto's.
    """
    name = service.lower()
    model = _model(name)
    candidates = (
        name,
        model.signing_name if model is not None else "",
        name.rpartition(".")[2],
        _backend(_host(name)) or "",
    )
    return next((each for each in candidates if is_emulated(each)), None)


def operations(signing_name: str) -> Collection[str]:
    """What a request to an emulated service can be for: operations, or a REST API's methods."""
    return {
        model.operation_model(name).http["method"] if _is_rest(model) else name
        for model in _models(signing_name)
        for name in model.operation_names
    }


def method_of(signing_name: str, operation: str) -> str | None:
    """The HTTP method of a REST API's operation, None where there is no such operation."""
    for model in _models(signing_name):
        if _is_rest(model) and operation in model.operation_names:
            method: str = model.operation_model(operation).http["method"]
            return method
    return None


def _is_rest(model: ServiceModel) -> bool:
    return str(model.metadata.get("protocol")).startswith("rest")


def _models(signing_name: str) -> Iterator[ServiceModel]:
    return (model for name in _services()[signing_name] if (model := _model(name)) is not None)


@cache
def _services() -> Mapping[str, Collection[str]]:
    """The services that botocore has, by the name that their requests are signed for.

    What begins each model is read and no more: all of them whole would take many seconds.
    """
    found: dict[str, set[str]] = {}
    for file in Path(Loader.BUILTIN_DATA_PATH).glob("*/*/service-2.json*"):
        with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as opened:
            names = dict(_SIGNED_FOR.findall(opened.read(_BEGINNING)))
        signed = names.get("signingName") or names.get("endpointPrefix")
        if signed:
            found.setdefault(signed, set()).add(file.parts[-3])
    return found


def _host(service: str) -> str:
    return f"{SIGNING_ALIASES.get(service, service)}.us-east-1.amazonaws.com"


@lru_cache(256)
def _model(name: str) -> ServiceModel | None:
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
