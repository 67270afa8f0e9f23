"""All endpoints that answer, and how they come to."""

import logging
import random
import threading
from collections.abc import Sequence
from functools import partial

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.serving import artifact, containers
from sagemaker_tuning.local.serving.failures import ServingError
from sagemaker_tuning.local.serving.variant import Variant
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.wire import Document

_log = logging.getLogger(__name__)

_Key = tuple[str, str]

DEPLOYED = "_Deployed"
"""The member of an endpoint's document with what serves: production variants with their model."""

MOST_VARIANTS = 50
"""Of all endpoints together; each has a process with its model, of about 65 MB."""

TARGET = "_Target"
"""Likewise with what is to serve once it is ready."""


class LiveEndpoints:
    """Deploys endpoints, and finds the variants that answer for them.

    Args:
        store: where the endpoints' documents are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._live: dict[_Key, Sequence[Variant]] = {}
        self._coming: dict[_Key, Sequence[Variant]] = {}
        self._closed = False

    def resume(self) -> None:
        """Has the endpoints of a former process over the same data answer again."""
        for region, document in self._store.endpoints():
            name = document["EndpointName"]
            if DEPLOYED in document:
                # Their processes start when there is something to answer.
                self._live[_key(region, name)] = _variants(document[DEPLOYED])
            if TARGET in document:
                self.deploy(region, name)

    def deploy(self, region: str, name: str) -> None:
        """Brings an endpoint to its target, in a thread of its own; the store tells the outcome."""
        thread = threading.Thread(
            target=self._deploy, args=(region, name), name=f"endpoint {name}", daemon=True
        )
        thread.start()

    def variants(self, region: str, name: str) -> Sequence[Variant]:
        """The variants that answer now; empty where none does."""
        with self._lock:
            return self._live.get(_key(region, name), [])

    def delete(self, region: str, name: str) -> None:
        """Ends an endpoint's processes."""
        with self._lock:
            live = self._live.pop(_key(region, name), [])
        _close(live)

    def close(self) -> None:
        """Ends all processes; the store is left alone from then on."""
        with self._lock:
            self._closed = True
            endpoints, self._live = [*self._live.values(), *self._coming.values()], {}
        for variants in endpoints:
            _close(variants)

    def _deploy(self, region: str, name: str) -> None:
        with self._lock:
            document = None if self._closed else self._store.find("endpoint", region, name)
            if document is None or TARGET not in document:
                return
            new = self._coming[_key(region, name)] = _variants(document[TARGET])
        try:
            for summary in document[TARGET]:
                containers.require_known(summary["_Container"])
            for variant in new:
                variant.start()
        except Exception as error:  # noqa: BLE001 -- whatever it was, the endpoint must leave Creating
            if not isinstance(error, ServingError):
                _log.exception("endpoint %s", name)
            self._settle(region, name, None, str(error))
            _close(new)
        else:
            for variant in self._settle(region, name, new):
                variant.retire()

    def _settle(
        self, region: str, name: str, new: Sequence[Variant] | None, failure: str = ""
    ) -> Sequence[Variant]:
        """Writes the outcome and has what is new answer; what nobody needs any more."""
        with self._lock:
            self._coming.pop(_key(region, name), None)
            if self._closed:
                return new or []
            with self._store.transaction():
                document = self._store.find("endpoint", region, name)
                if document is None:  # it was deleted meanwhile
                    return new or []
                _fail(document, failure) if new is None else _succeed(document)
                document["LastModifiedTime"] = documents.now()
                self._store.update_resource(
                    "endpoint", region, name, document, status=document["EndpointStatus"]
                )
            if new is None:
                return []
            old = self._live.get(_key(region, name), [])
            self._live[_key(region, name)] = new
            return old


def choose(variants: Sequence[Variant], deployed: Sequence[Document]) -> Variant:
    """A variant by chance, in the proportion of the weights."""
    weights = {summary["VariantName"]: summary["CurrentWeight"] for summary in deployed}
    by_variant = [weights.get(variant.name, 0) for variant in variants]
    # Weights of 0 throughout share alike.
    return random.choices(variants, by_variant if any(by_variant) else None)[0]  # noqa: S311 -- no secret


def _variants(summaries: Sequence[Document]) -> list[Variant]:
    return [
        Variant(
            summary["VariantName"],
            partial(artifact.load, summary["_Container"]),
            answers=containers.answers(summary["_Container"]),
        )
        for summary in summaries
    ]


def _succeed(document: Document) -> None:
    document[DEPLOYED] = document.pop(TARGET)
    document["EndpointConfigName"] = document.pop("_TargetConfigName")
    document["EndpointStatus"] = "InService"
    document.pop("FailureReason", None)


def _fail(document: Document, reason: str) -> None:
    """An endpoint that answered before the update goes on as it was."""
    del document[TARGET]
    document.pop("_TargetConfigName")
    document["FailureReason"] = reason[:1024]
    document["EndpointStatus"] = "InService" if DEPLOYED in document else "Failed"


def _close(variants: Sequence[Variant]) -> None:
    for variant in variants:
        variant.close()


def _key(region: str, name: str) -> _Key:
    return region, name.lower()
