"""An account with endpoints, as far as deployments and rollbacks look at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sagemaker_tuning.core.deployments import EndpointConfig
from sagemaker_tuning.core.errors import AwsCallFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_T = TypeVar("_T")

IN_PROGRESS = {"Creating", "Updating", "Deleting", "RollingBack", "SystemUpdating"}
REASON = "The container did not pass the ping health check."


class Died(BaseException):
    """The worker is gone."""


@dataclass
class Account:
    """Models, endpoint configurations and endpoints by name; everything takes two looks.

    Attributes:
        outcomes: What becomes of a configuration that is deployed; InService if not said.
            ``RolledBack`` is InService with the former one.
        rejected: ARNs of the model packages that are Rejected.
        dies_at: The number of the call, from 1, at which the worker dies.
        dies_after: Whether the call is carried out before.
        calls: Each call that was carried out.
        done: How many calls there were.
        reason: ``FailureReason`` of what fails.
        hidden_looks: How many looks at an endpoint do not see it yet.
    """

    outcomes: dict[str, str] = field(default_factory=dict)
    rejected: set[str] = field(default_factory=set)
    dies_at: int = 0
    dies_after: bool = False
    calls: list[str] = field(default_factory=list)
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    configs: dict[str, EndpointConfig] = field(default_factory=dict)
    endpoints: dict[str, dict[str, Any]] = field(default_factory=dict)
    done: int = 0
    reason: str = REASON
    hidden_looks: int = 0
    _looks: dict[str, int] = field(default_factory=dict)

    def count(self, call: str) -> int:
        return self.calls.count(call)

    def _do(self, call: str, effect: Callable[[], _T]) -> _T:
        self.done += 1
        if self.done == self.dies_at and not self.dies_after:
            raise Died(call)
        result = effect()
        self.calls.append(call)
        if self.done == self.dies_at:
            raise Died(call)
        return result

    def find_model(self, name: str) -> dict[str, Any] | None:
        return self._do("find_model", lambda: self.models.get(name))

    def create_model(self, request: Mapping[str, Any]) -> str:
        name = request["ModelName"]

        def effect() -> str:
            _refuse(name in self.models, "Cannot create already existing model")
            arn = f"arn:model/{name}"
            created = datetime(2026, 1, 1, tzinfo=UTC)
            self.models[name] = {**request, "ModelArn": arn, "CreationTime": created}
            return arn

        return self._do("create_model", effect)

    def find_model_package(self, arn: str) -> dict[str, Any]:
        return {"ModelApprovalStatus": "Rejected" if arn in self.rejected else "Approved"}

    def find_endpoint_config(self, name: str | None) -> EndpointConfig | None:
        return self._do("find_endpoint_config", lambda: self.configs.get(name or ""))

    def iter_endpoint_configs(self, prefix: str) -> Iterator[EndpointConfig]:
        found = self._do("iter_endpoint_configs", lambda: list(self.configs.values()))
        yield from (config for config in found if config.name.startswith(prefix))

    def create_endpoint_config(self, request: Mapping[str, Any]) -> str:
        name = str(request["EndpointConfigName"])

        def effect() -> str:
            _refuse(name in self.configs, "Cannot create already existing endpoint configuration")
            tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
            models = tuple(each["ModelName"] for each in request["ProductionVariants"])
            _refuse(not set(models) <= self.models.keys(), "Could not find model")
            self.configs[name] = EndpointConfig(name, name, models, tags)
            return name

        return self._do("create_endpoint_config", effect)

    def add_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        def effect() -> None:
            config = self.configs[arn]
            new = EndpointConfig(arn, arn, config.model_names, {**config.tags, **tags})
            self.configs[arn] = new

        self._do("add_tags", effect)

    def find_endpoint(self, name: str) -> dict[str, Any] | None:
        return self._do("find_endpoint", lambda: self._look(name))

    def create_endpoint(self, request: Mapping[str, Any]) -> str:
        name, config = request["EndpointName"], request["EndpointConfigName"]

        def effect() -> str:
            _refuse(name in self.endpoints, "Cannot create already existing endpoint")
            _refuse(config not in self.configs, "Could not find endpoint configuration")
            self.put(name, config, "Creating")
            return f"arn:endpoint/{name}"

        return self._do("create_endpoint", effect)

    def update_endpoint(self, request: Mapping[str, Any]) -> str:
        name, config = request["EndpointName"], request["EndpointConfigName"]

        def effect() -> str:
            status = self.endpoints[name]["EndpointStatus"]
            _refuse(status in {*IN_PROGRESS, "Failed"}, f"Cannot update {status} endpoint")
            _refuse(config not in self.configs, "Could not find endpoint configuration")
            self.begin_update(name, config)
            return f"arn:endpoint/{name}"

        return self._do("update_endpoint", effect)

    def delete_endpoint(self, name: str) -> bool:
        def effect() -> bool:
            status = self.endpoints[name]["EndpointStatus"]
            _refuse(status in IN_PROGRESS, "Cannot update in-progress endpoint")
            self.endpoints[name]["EndpointStatus"] = "Deleting"
            self._looks[name] = 2
            return True

        return self._do("delete_endpoint", effect)

    def put(self, name: str, config: str, status: str = "InService") -> None:
        """Have an endpoint of this configuration."""
        self.endpoints[name] = {
            "EndpointName": name,
            "EndpointArn": f"arn:endpoint/{name}",
            "EndpointConfigName": config,
            "EndpointStatus": status,
        }
        self._looks[name] = 2

    def begin_update(self, name: str, config: str) -> None:
        """Have an endpoint be updated, by whomever."""
        pending = {"EndpointConfigName": config}
        self.endpoints[name] |= {"EndpointStatus": "Updating", "PendingDeploymentSummary": pending}
        self._looks[name] = 2

    def _look(self, name: str) -> dict[str, Any] | None:
        endpoint = self.endpoints.get(name)
        if endpoint is None or self.hidden_looks:
            self.hidden_looks = max(0, self.hidden_looks - 1)
            return None
        if endpoint["EndpointStatus"] in IN_PROGRESS:
            self._looks[name] -= 1
            if self._looks[name] == 0:
                self._settle(name, endpoint)
        found = self.endpoints.get(name)
        return dict(found) if found else None

    def _settle(self, name: str, endpoint: dict[str, Any]) -> None:
        if endpoint["EndpointStatus"] == "Deleting":
            del self.endpoints[name]
            return
        pending = endpoint.pop("PendingDeploymentSummary", None)
        config = (pending or endpoint)["EndpointConfigName"]
        outcome = self.outcomes.get(config, "InService")
        endpoint["EndpointStatus"] = "InService" if outcome == "RolledBack" else outcome
        if outcome == "InService":
            endpoint["EndpointConfigName"] = config
            endpoint.pop("FailureReason", None)
        else:
            endpoint["FailureReason"] = self.reason


def _refuse(condition: bool, message: str) -> None:  # noqa: FBT001 -- reads as an assertion does
    if condition:
        msg = f"refused: {message}"
        raise AwsCallFailed(msg, code="ValidationException")
