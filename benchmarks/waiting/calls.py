"""Who has called what, as the endpoint counts it: the same for each client, whatever it says.

The endpoint counts the uses of what a policy allows. Its fault rules come before that, so what they
have refused is added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import httpx

if TYPE_CHECKING:
    from benchmarks.endpoint import Endpoint

ACCESS_KEY_ID = "waits"
LIST = "ListHyperParameterTuningJobs"
DESCRIBE = "DescribeHyperParameterTuningJob"
_THROTTLED = 0.1
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [f"sagemaker:{LIST}", f"sagemaker:{DESCRIBE}", "*"],
            "Resource": "*",
        }
    ],
}


@dataclass(frozen=True)
class Calls:
    """How many there were.

    Attributes:
        lists: List.
        describes: Describe.
        others: Of any other operation.
        throttled: Those of the former that were refused.
    """

    lists: int
    describes: int
    others: int
    throttled: int

    def __sub__(self, earlier: Self) -> Calls:
        return Calls(
            self.lists - earlier.lists,
            self.describes - earlier.describes,
            self.others - earlier.others,
            self.throttled - earlier.throttled,
        )


class Counter:
    """Counts the calls of whoever uses `ACCESS_KEY_ID`, from now on.

    Args:
        local: An endpoint with ``--faults``.
        throttling: Whether a tenth of the looks is refused.
    """

    def __init__(self, local: Endpoint, *, throttling: bool) -> None:
        self._client = httpx.Client(
            base_url=local.url, headers={"X-Fault-Token": local.fault_token}, trust_env=False
        )
        self._put("access", [{"AccessKeyId": ACCESS_KEY_ID, "Policy": _POLICY}])
        self._put("faults", [_fault(LIST), _fault(DESCRIBE)] if throttling else [])

    def calls(self) -> Calls:
        """What was called so far."""
        (policy,) = self._get("access")["Policies"]
        (statement,) = policy["Statements"]
        lists, describes, others = statement["Used"].values()
        refused = {each["operation"]: each["used"] for each in self._faults()}
        return Calls(
            lists + refused.get(LIST, 0),
            describes + refused.get(DESCRIBE, 0),
            others,
            sum(refused.values()),
        )

    def stop_throttling(self) -> None:
        """Answer everything again. What was refused before is forgotten."""
        self._put("faults", [])

    def _faults(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._get("faults")["rules"]
        return found

    def _get(self, route: str) -> dict[str, Any]:
        answer = self._client.get(f"/_local/{route}").raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def _put(self, route: str, body: list[dict[str, Any]]) -> None:
        self._client.put(f"/_local/{route}", json=body).raise_for_status()


def _fault(operation: str) -> dict[str, Any]:
    return {
        "kind": "throttle",
        "operation": operation,
        "probability": _THROTTLED,
        "seed": 1,
        "times": None,
    }
