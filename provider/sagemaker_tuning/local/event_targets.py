"""The targets of EventBridge's rules, which are moto's, and what they are sent.

They are given events here rather than by moto's PutEvents, which heeds neither a rule's state nor
the second of two targets, and leaves out the account. SQS queues, which is where programs look for
events, are sent to here: moto heeds neither Input nor InputPath and takes a time for a number.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import copy
import json
import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from jsonpath_ng.ext.parser import parse
from moto.backends import get_backend
from moto.events.utils import EventTemplateParser

from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.wire import Document

_log = logging.getLogger(__name__)


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
    service, name = target["Arn"].split(":")[2::3]
    if service == "sqs":
        group = target.get("SqsParameters", {}).get("MessageGroupId")
        queues = get_backend("sqs")[ACCOUNT_ID][region]
        queues.send_message(name, _input(target, event), group_id=group)
        return
    # moto treats all targets of a rule alike, and stops at the first that fails.
    alone = copy.copy(rule)
    alone.targets = [target]
    whole = {**event, "time": datetime.fromisoformat(event["time"]).timestamp()}
    transformed = "InputTransformer" in target
    if transformed:
        whole["ingestion-time"] = event["time"]
    alone.send_to_targets(whole, transform_input=transformed)


def _input(target: Document, event: Document) -> str:
    """The text that a target wants of an event: all of it, a part, or what it has written."""
    if "Input" in target:
        text: str = target["Input"]
        return text
    if "InputPath" in target:
        found = parse(target["InputPath"]).find(event)
        return json.dumps(found[0].value if found else None)
    if "InputTransformer" in target:
        return json.dumps(_transformed(target["InputTransformer"], event))
    return json.dumps(event)


def _transformed(transformer: Document, event: Document) -> Any:
    whole: Any = {**event, "ingestion-time": event["time"]}
    template, paths = transformer["InputTemplate"], transformer.get("InputPathsMap", {})
    # moto leaves the name of a variable that the event does not have where it is.
    for name, path in paths.items():
        if all(found.value in (None, "") for found in parse(path).find(whole)[:1]):
            template = template.replace(f"<{name}>", "")
    return EventTemplateParser.parse(template, paths, whole)
