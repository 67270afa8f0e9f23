"""What a target of a rule is sent of an event, and what PutTargets refuses."""

from typing import Any

import pytest

from sagemaker_tuning.local import event_inputs
from sagemaker_tuning.local.errors import ApiError

EVENT: dict[str, Any] = {
    "version": "0",
    "id": "1",
    "detail-type": "Change",
    "time": "2026-01-02T03:04:05Z",
    "resources": ["arn:1"],
    "detail": {"instance": "i-1", "status": "RUN", "n": 7, "said": 'a "b"\n', "map": {"k": ["v"]}},
}
HEAD = '{"version":"0","id":"1","%s":"Change","time":"2026-01-02T03:04:05Z","resources":["arn:1"]'
PATHS = {
    "instance": "$.detail.instance",
    "status": "$.detail.status",
    "n": "$.detail.n",
    "said": "$.detail.said",
    "map": "$.detail.map",
    "missing": "$.detail.missing",
}


def target(template: str, **paths: str) -> dict[str, Any]:
    transformer = {"InputTemplate": template, "InputPathsMap": {**PATHS, **paths}}
    return {"Id": "one", "Arn": "arn", "InputTransformer": transformer}


@pytest.mark.parametrize(
    ("template", "made"),
    [
        (
            '{"myInstance": <instance>,"myStatus": "<instance> is in state \\"<status>\\""}',
            '{"myInstance":"i-1","myStatus":"i-1 is in state \\"RUN\\""}',
        ),
        ('{"a": "<instance>", "b": [9, <status>, true]}', '{"a":"i-1","b":[9,"RUN",true]}'),
        ('{"n": <n>, "m": "<n>"}', '{"n":7,"m":"7"}'),
        ('{"map": <map>}', '{"map":{"k":["v"]}}'),
        ('"all of <map>"', '"all of {k:[v]}"'),
        ('{"a": <missing>, "b": "x<missing>"}', '{"a":"","b":"x"}'),
        ('"said <said>"', '"said a \\"b\\"\\n"'),
        ('{"said": <said>}', '{"said":"a \\"b\\"\\n"}'),
        ('"{[/ <n>"', '"{[/ 7"'),
        ('"a <n>"\n"b <status>"\r\n', '"a 7"\n"b RUN"'),
        ('"<aws.events.rule-name>, <aws.events.rule-arn>"', '"r, arn:r"'),
        ('{"t": <aws.events.event.ingestion-time>}', '{"t":"2026-01-02T03:04:05Z"}'),
        ('{"e": <aws.events.event>}', f'{{"e":{HEAD % "detailType"}}}}}'),
        ('{"a<b": "c > d"}', '{"a<b":"c > d"}'),
    ],
)
def test_a_template_is_filled_as_aws_documents(template: str, made: str) -> None:
    """Variables in quotes or out of them, predefined or not, there or not."""
    event_inputs.check(target(template))
    given = event_inputs.made(target(template), EVENT, rule_name="r", rule_arn="arn:r")
    assert given == made


def test_the_whole_event_can_be_a_value() -> None:
    """As JSON, with its detail."""
    made = event_inputs.made(
        target('{"e": <aws.events.event.json>}'), EVENT, rule_name="r", rule_arn="arn:r"
    )
    assert made.startswith(f'{{"e":{HEAD % "detail-type"},"detail":{{"instance":"i-1",')


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (
            target('"<nobody> knows"'),
            "InputTemplate for target one contains invalid placeholder nobody.",
        ),
        (target('{"<n>": 1}'), "[the placeholder <n> is an object's key]"),
        (target("{<n> : 1}"), "[the placeholder <n> is an object's key]"),
        (target("<instance> is in state <status>"), "[it is neither JSON nor texts in double"),
        (target('"a\nb"'), "[it is neither JSON nor texts in double"),
        (target('"a"\n{"b": 1}'), "[it is neither JSON nor texts in double"),
        (target("[" * 8000), "[it is neither JSON nor texts in double"),
        (target('"' * 8191), "[it is neither JSON nor texts in double"),
        (target("1", bad="$.detail.Current Usage"), "target one : [$.detail.Current Usage]. It is"),
        ({"Id": "one", "InputPath": "$."}, "Invalid InputPath for target one : [$.]. It is"),
        ({"Id": "one", "Input": "{"}, "Input for target one is not a valid JSON text: "),
        (
            {"Id": "one", "Input": "{}", "InputPath": "$"},
            "Only one of Input, InputPath, or InputTransformer must be provided for target one.",
        ),
    ],
)
def test_what_no_input_can_be_made_by_is_refused(refused: dict[str, Any], message: str) -> None:
    """When it is put, with what is wrong about it, rather than when an event comes."""
    with pytest.raises(ApiError) as caught:
        event_inputs.check(refused)
    assert message in caught.value.message
