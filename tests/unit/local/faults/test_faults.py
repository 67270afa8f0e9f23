"""Which request is struck, by which rule, and how often."""

import re
import threading
from typing import Any

import pytest

from sagemaker_tuning.local.errors import ApiError
from sagemaker_tuning.local.faults import rules
from sagemaker_tuning.local.faults.faults import Faults

LIST = "ListModels"


def faults(*given: dict[str, Any]) -> Faults:
    made = Faults()
    made.replace(rules.read(list(given)))
    return made


def kinds(struck: list[dict[str, Any]]) -> list[str]:
    return [rule["kind"] for rule in struck]


def test_a_seed_makes_chance_the_same_again() -> None:
    """The same requests are struck, about as many as the probability says."""
    rule = {
        "operation": LIST,
        "kind": "throttle",
        "times": None,
        "probability": 0.25,
        "seed": 7,
    }

    def run() -> list[bool]:
        made = faults(rule)
        return [bool(made.strike_request(LIST)) for _ in range(400)]

    first = run()
    assert run() == first
    assert 60 < sum(first) < 140


def test_many_threads_use_a_rule_up_exactly() -> None:
    """As often as asked, not once more."""
    made = faults({"operation": "*", "kind": "error", "times": 100})
    struck: list[int] = []

    def call() -> None:
        struck.append(sum(bool(made.strike_request(LIST)) for _ in range(100)))

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(struck) == 100
    assert made.listed()[0]["used"] == 100


def test_latencies_add_up_and_the_first_other_rule_decides() -> None:
    """Rules are tried in their order; the next takes over when one is used up."""
    made = faults(
        {"operation": LIST, "kind": "throttle"},
        {"operation": "*", "kind": "latency", "seconds": 1},
        {"operation": "*", "kind": "latency", "seconds": 2},
        {"operation": "*", "kind": "drop_before"},
    )
    assert kinds(made.strike_request(LIST)) == ["latency", "latency", "throttle"]
    assert kinds(made.strike_request(LIST)) == ["drop_before"]
    assert made.strike_request(LIST) == []


@pytest.mark.parametrize(
    ("wanted", "operation", "strikes"),
    [
        ("*", LIST, True),
        ("*", "InvokeEndpoint", True),
        ("*", "s3:PUT", False),
        ("s3:*", "s3:PUT", True),
        ("s3:*", LIST, False),
        ("s3:GET", "s3:PUT", False),
        ("InvokeEndpoint", "InvokeEndpoint", True),
        ("logs:GetLogEvents", "logs:GetLogEvents", True),
    ],
)
def test_a_star_is_for_one_service(wanted: str, operation: str, *, strikes: bool) -> None:
    """Alone it is SageMaker's."""
    made = faults({"operation": wanted, "kind": "throttle"})
    assert bool(made.strike_request(operation)) == strikes


def test_training_jobs_are_struck_by_their_own_rules_alone() -> None:
    """Of the named tuning job, then of any; requests are not."""
    made = faults(
        {"kind": "training_job_error", "tuning_job": "mine"},
        {"kind": "training_job_error"},
    )
    assert made.strike_request(LIST) == []
    assert [made.strikes_training_job(name) for name in ("other", "mine", "mine")] == [
        True,
        True,
        False,
    ]


def test_the_last_rule_of_a_quota_counts() -> None:
    """So that a quota can be raised without touching the rest."""
    made = faults({"kind": "quota", "resource": "ml.m5.large", "limit": 0})
    made.add(rules.read([{"kind": "quota", "resource": "ml.m5.large", "limit": 3}]))
    assert made.quotas() == {"ml.m5.large": 3}
    made.count_refusal("ml.m5.large")
    assert [rule["used"] for rule in made.listed()] == [0, 1]


@pytest.mark.parametrize(
    "operation",
    [
        "dynamodb:GetRecords",
        "elasticloadbalancing:DescribeTargetGroups",
        "events:PutEvents",
        "lambda:POST",
        "monitoring:PutMetricData",
        "s3:HEAD",
        "sqs:*",
        "states:StartExecution",
        "sts:GetCallerIdentity",
    ],
)
def test_what_can_be_asked_of_other_services_is_taken(operation: str) -> None:
    """By the name that requests are signed for, whatever the client calls the service."""
    rules.read([{"kind": "throttle", "operation": operation}])


@pytest.mark.parametrize(
    ("operation", "nearest"),
    [
        ("DescribeTuningJob", "Is it DescribeTrainingJob?"),
        ("invokeendpoint", "Is it InvokeEndpoint?"),
        ("sagemaker:ListModels", "Is it ListModels?"),
        ("s3:FOO", ""),
        ("s3:OPTIONS", ""),
        ("s3:put", "Is it s3:PUT?"),
        ("S3:PUT", "Is it s3:PUT?"),
        ("Sqs:SendMessage", "Is it sqs:SendMessage?"),
        ("s3:PutObject", "PutObject is a PUT of a REST API. Is it s3:PUT?"),
        ("logs:GetLogEvent", "Is it logs:GetLogEvents?"),
        ("cloudwatch:*", "Requests to cloudwatch are signed for monitoring. Is it monitoring:*?"),
        (
            "eventbridge:PutRule",
            "Requests to eventbridge are signed for events. Is it events:PutRule?",
        ),
        ("email:SendEmail", "Requests to email are signed for ses. Is it ses:SendEmail?"),
        ("s3-fips:*", "Requests to s3-fips are signed for s3. Is it s3:*?"),
        (":ListModels", "Is it ListModels?"),
        ("sagemaker:*", "Is it *?"),
        ("sagemaker-runtime:InvokeEndpoint", "Is it InvokeEndpoint?"),
        ("runtime.sagemaker:InvokeEndpoint", "Is it InvokeEndpoint?"),
        ("runtime.sagemaker:*", "Is it *?"),
        ("api.sagemaker:*", "Is it *?"),
        ("metrics.sagemaker:*", "Is it *?"),
        ("nosuchservice:*", "The endpoint emulates no service 'nosuchservice'."),
        ("translate:*", "The endpoint emulates no service 'translate'."),
        ("a:b:c", "The endpoint emulates no service 'a:b'."),
        (7, ""),
    ],
)
def test_what_no_request_is_for_is_refused_with_what_was_meant(
    operation: object, nearest: str
) -> None:
    """A rule that could never match is a mistake."""
    with pytest.raises(ApiError) as caught:
        rules.read([{"kind": "throttle", "operation": operation}])
    message = caught.value.message
    meant = re.search(r"Is it (.*)\?", nearest)
    assert meant is None or rules.read([{"kind": "throttle", "operation": meant[1]}])
    assert message.startswith(f"rules[0].operation is {operation!r}. Give an operation of ")
    assert message.endswith(f" <service>:* for all of it. {nearest}".rstrip())
