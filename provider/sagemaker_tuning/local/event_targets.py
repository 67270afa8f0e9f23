"""The targets of EventBridge's rules, which are moto's, and what they are sent.

They are given events here rather than by moto's PutEvents, which heeds neither a rule's state nor
the second of two targets, and leaves out the account. SQS queues and log groups, which is where
programs look for events, are sent to here: moto heeds neither Input nor InputPath, knows few
input transformers and takes a time for a number.
"""

import copy
import logging
import time
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from moto.backends import get_backend

from sagemaker_tuning.local import event_inputs, wire
from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.wire import Document

_log = logging.getLogger(__name__)

PUT_TARGETS = "AWSEvents.PutTargets"


def check(body: bytes) -> None:
    """Refuses a PutTargets request with a target that no event could be sent to as it asks.

    Raises:
        ApiError: SerializationException or ValidationException, for the first such target.
    """
    for target in wire.parse("PutTargets", body, service="events")["Targets"]:
        event_inputs.check(target)


def rules(region: str) -> Iterable[Any]:
    """The rules on the default bus that are in force and wait for events."""
    backends = get_backend("events")[ACCOUNT_ID]
    if region not in backends:  # none of AWS's, though ours
        return []
    found = backends[region].event_buses["default"].rules
    return [
        rule
        for rule in list(found.values())
        if rule.state != "DISABLED" and rule.event_pattern.get_pattern()
    ]


def deliver(region: str, event: Document) -> None:
    """Sends an event to the targets of all rules that match it; a failure is logged."""
    for rule in rules(region):
        for target in list(rule.targets):
            try:
                if rule.event_pattern.matches_event(event):
                    _send(region, rule, target, event)
            except Exception as error:  # noqa: BLE001 -- moto raises whatever its services do
                _log.warning("rule %s cannot reach %s: %s", rule.name, target.get("Arn"), error)


def _send(region: str, rule: Any, target: Document, event: Document) -> None:
    service, resource = target["Arn"].split(":", 5)[2::3]
    text = event_inputs.made(target, event, rule_name=rule.name, rule_arn=rule.arn)
    if service == "sqs":
        group = target.get("SqsParameters", {}).get("MessageGroupId")
        get_backend("sqs")[ACCOUNT_ID][region].send_message(resource, text, group_id=group)
    elif service == "logs":
        _log_event(region, resource.split(":")[1], text)
    else:
        # moto treats all targets of a rule alike, and stops at the first that fails.
        alone = copy.copy(rule)
        alone.targets = [target]
        when = datetime.fromisoformat(event["time"]).timestamp()
        alone.send_to_targets({**event, "time": when}, transform_input=False)


def _log_event(region: str, log_group: str, text: str) -> None:
    stream = str(uuid.uuid4())
    logs = get_backend("logs")[ACCOUNT_ID][region]
    logs.create_log_stream(log_group, stream)
    message = {"timestamp": round(time.time() * 1000), "message": text}
    logs.put_log_events(log_group, stream, [message])
