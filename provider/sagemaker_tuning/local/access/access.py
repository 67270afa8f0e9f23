"""The policies in force: what they allow, what they refuse, and how often each was of use."""

import json
import re
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs

from sagemaker_tuning.local.access import s3
from sagemaker_tuning.local.access.demands import Demand, demands
from sagemaker_tuning.local.access.policies import PolicyError, Statement, read
from sagemaker_tuning.local.errors import ApiError
from sagemaker_tuning.local.http.call import Call
from sagemaker_tuning.local.names import ACCOUNT_ID

EVERYBODY = ""

_CALLER = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/local/{{}}"
_KEY = re.compile(r"Credential=([^/,\s]*)/")
_NAMED = re.compile(r"(\w{1,128})=(.+)", re.DOTALL)
_MOST_REFUSALS = 1000


@dataclass(frozen=True)
class Policy:
    """A policy and whose it is.

    Attributes:
        access_key_id: of those whom it binds; empty for everybody.
        name: what it is called where its use is told.
        used: how often a statement's action was needed, by the statement's number.
    """

    access_key_id: str
    name: str
    statements: Sequence[Statement]
    used: Counter[tuple[int, str]] = field(default_factory=Counter)

    @classmethod
    def of(cls, option: str) -> Self:
        """A policy of the command line: `FILE`, or `ACCESS_KEY_ID=FILE`.

        Raises:
            PolicyError: the file cannot be read, or is no policy.
        """
        named = _NAMED.fullmatch(option)
        key, name = named.groups() if named else (EVERYBODY, option)
        try:
            document = json.loads(Path(name).read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            reason = error.strerror if isinstance(error, OSError) else f"not JSON: {error}"
            raise PolicyError(f"{name}: {reason}") from error
        try:
            return cls(key, name, read(document))
        except PolicyError as error:
            raise PolicyError(f"{name}: {error}") from error

    @classmethod
    def from_document(cls, given: Any, path: str) -> Self:
        """A policy of the control route: `{"AccessKeyId": …, "Policy": {…}}`.

        Raises:
            PolicyError: it is none.
        """
        if not isinstance(given, dict) or not set(given) <= {"AccessKeyId", "Policy"}:
            raise PolicyError(f"{path} is no object of Policy and, perhaps, AccessKeyId")
        key = given.get("AccessKeyId", EVERYBODY)
        if not isinstance(key, str):
            raise PolicyError(f"{path}.AccessKeyId is {key!r}: give a text")
        try:
            return cls(key, path, read(given.get("Policy")))
        except PolicyError as error:
            raise PolicyError(f"{path}.Policy: {error}") from error

    def told(self) -> dict[str, Any]:
        """How often each action of each statement was needed."""
        return {
            "Name": self.name,
            "AccessKeyId": self.access_key_id or None,
            "Statements": [
                {
                    "Sid": statement.sid,
                    "Effect": "Allow" if statement.allows else "Deny",
                    "Used": {action: self.used[index, action] for action in statement.actions},
                }
                for index, statement in enumerate(self.statements)
            ],
        }


@dataclass(frozen=True)
class _Grant:
    """Where it stands that something is allowed, or denied."""

    policy: Policy
    index: int
    action: str

    def count(self) -> None:
        self.policy.used[self.index, self.action] += 1


class Access:
    """What callers may do. Whom no policy binds may do everything.

    Args:
        policies: those in force at the start.
    """

    def __init__(self, policies: Sequence[Policy] = ()) -> None:
        self._lock = threading.Lock()
        self._policies = tuple(policies)
        self._refused: Counter[tuple[str, str]] = Counter()

    def replace(self, given: Any) -> None:
        """Has other policies in force, all of them unused.

        Raises:
            PolicyError: what is given is no list of policies; nothing has changed then.
        """
        if not isinstance(given, list):
            raise PolicyError("the body is no list of policies")
        read_ = tuple(
            Policy.from_document(each, f"policies[{index}]") for index, each in enumerate(given)
        )
        with self._lock:
            self._policies, self._refused = read_, Counter()

    def told(self) -> dict[str, Any]:
        """How the policies in force were used, and what was refused."""
        with self._lock:
            return {
                "Policies": [policy.told() for policy in self._policies],
                "Refused": [
                    {"Action": action, "Resource": resource, "Times": times}
                    for (action, resource), times in self._refused.items()
                ],
            }

    def refusal(self, call: Call) -> ApiError | None:
        """Why a call is refused; None if all that it needs is allowed, which is counted."""
        if not self._policies:  # the usual case costs nothing
            return None
        policies = self._of(call)
        if not policies:
            return None
        grants = []
        for demand in demands(call):
            denied, allowed = _find(policies, demand, allows=False), None
            if denied is None:
                allowed = _find(policies, demand, allows=True)
            if allowed is None:
                return self._refuse(call, demand, denied)
            grants.append(allowed)
        with self._lock:
            for grant in grants:
                grant.count()
        return None

    def absence(self, call: Call) -> ApiError | None:
        """Why it may not be told that an object is not there; None if it may.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        """
        if not self._policies or not s3.reads_object(call):
            return None
        policies = self._of(call)
        demand = Demand(s3.ABSENCE, f"arn:aws:s3:::{s3.target(call)[0]}")
        if not policies:
            return None
        denied, allowed = (_find(policies, demand, allows=each) for each in (False, True))
        if denied is not None or allowed is None:
            return self._refuse(call, demand, denied)
        with self._lock:
            allowed.count()
        return None

    def _of(self, call: Call) -> list[Policy]:
        key = _access_key_id(call)
        return [each for each in self._policies if each.access_key_id in {EVERYBODY, key}]

    def _refuse(self, call: Call, demand: Demand, denied: _Grant | None) -> ApiError:
        with self._lock:
            if denied is not None:
                denied.count()
            if len(self._refused) < _MOST_REFUSALS:
                self._refused[demand.action, demand.resource] += 1
        why = (
            f"because no identity-based policy allows the {demand.action} action"
            if denied is None
            else "with an explicit deny in an identity-based policy"
        )
        resource = f'"{demand.resource}"' if call.is_for_s3 else demand.resource
        message = (
            f"User: {_CALLER.format(_access_key_id(call) or 'unsigned')} is not authorized to"
            f" perform: {demand.action} on resource: {resource} {why}"
        )
        if call.target or not (call.is_for_s3 or call.action):
            return ApiError("AccessDeniedException", message)
        return ApiError("AccessDenied", message, HTTPStatus.FORBIDDEN)


def _find(policies: Sequence[Policy], demand: Demand, *, allows: bool) -> _Grant | None:
    for policy in policies:
        for index, statement in enumerate(policy.statements):
            if statement.allows is allows and (action := statement.action_for(demand)) is not None:
                return _Grant(policy, index, action)
    return None


def _access_key_id(call: Call) -> str:
    """Of who signed, in the header or, beforehand, in the address."""
    found = _KEY.search(call.environ.get("HTTP_AUTHORIZATION", ""))
    if found:
        return str(found[1])
    given = parse_qs(str(call.environ.get("QUERY_STRING", "")))
    return given.get("X-Amz-Credential", given.get("AWSAccessKeyId", [""]))[0].partition("/")[0]
