"""Week after week of `retrain_on_schedule`, under a real scheduler, worker and triggerer.

The tests are one story, in the order of the file: each goes on from what the one before left.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from demo import weeks
from demo.samples import BUCKET
from demo.stack import CREDENTIALS
from tests.integration.retraining.retraining import NAME
from tests.integration.waiting import until

if TYPE_CHECKING:
    from datetime import datetime

    from tests.integration.retraining.retraining import Retraining, Week


def _tuning_job(retraining: Retraining, week: Week) -> dict[str, Any]:
    name = week.result("tune_and_register.tune")["HyperParameterTuningJobName"]
    describe = retraining.deployment.sagemaker.describe_hyper_parameter_tuning_job
    job: dict[str, Any] = describe(HyperParameterTuningJobName=name)
    return job


def _parents(job: dict[str, Any]) -> list[str]:
    warm_start = job.get("WarmStartConfig") or {"ParentHyperParameterTuningJobs": []}
    return [
        parent["HyperParameterTuningJobName"]
        for parent in warm_start["ParentHyperParameterTuningJobs"]
    ]


@pytest.fixture(scope="module")
def first(retraining: Retraining) -> Week:
    """Run the first week, and approve of its model."""
    week = retraining.scheduled()
    assert week.ended(answer="Approve") == "success", week.states
    return week


@pytest.fixture(scope="module")
def second(retraining: Retraining, first: Week) -> Week:  # noqa: ARG001 -- comes after it
    """Run a week whose data have drifted away from the champion, and approve of its model."""
    week = retraining.begin(partial(weeks.write, drift=1.0))
    assert week.ended(answer="Approve") == "success", week.states
    return week


def test_the_first_week_starts_cold_and_is_deployed(retraining: Retraining, first: Week) -> None:
    """Without a champion the challenger is scored, asked about, deployed, tried and approved."""
    assert _parents(_tuning_job(retraining, first)) == []
    verdict = first.result("put_into_service.is_better")
    assert verdict["Verdict"] == "NoChampion"
    assert verdict["Challenger"]["Value"] > 0.9
    assert first.states["roll_back"] == first.states["reject"] == "skipped"
    assert retraining.packages[1] == "Approved"


def test_the_second_week_starts_warm_and_replaces_the_champion(
    retraining: Retraining, first: Week, second: Week
) -> None:
    """The second learns from the first's tuning job, and serves once it is better."""
    parents = _parents(_tuning_job(retraining, second))
    assert parents == [first.result("tune_and_register.tune")["HyperParameterTuningJobName"]]
    verdict = second.result("put_into_service.is_better")
    assert verdict["Verdict"] == "Won"
    assert verdict["Challenger"]["Value"] > verdict["Champion"]["Value"]
    assert retraining.served == 2
    assert retraining.packages[2] == "Approved"


def test_a_worse_challenger_ends_the_run(retraining: Retraining, second: Week) -> None:
    """A third week that is no use to learn from keeps the champion, and touches no endpoint."""
    before = _endpoint(retraining)
    week = retraining.begin(partial(weeks.write, drift=1.0, is_spoilt=True))
    assert week.ended() == "success", week.states
    second_job = second.result("tune_and_register.tune")["HyperParameterTuningJobName"]
    first_two = [*_parents(_tuning_job(retraining, second)), second_job]
    assert sorted(_parents(_tuning_job(retraining, week))) == sorted(first_two)
    assert week.result("put_into_service.is_better")["Verdict"] == "Lost"
    for task in ("is_better", "approve", "deploy", "predict", "make_champion", "roll_back"):
        assert week.states[task] == "skipped", task
    assert week.states["reject"] == "skipped"
    assert retraining.packages[3] == "Rejected"
    assert _endpoint(retraining) == before


def test_a_person_may_say_no(retraining: Retraining, second: Week) -> None:  # noqa: ARG001 -- comes after it
    """A challenger that is better and not wanted is rejected; the run is no failure."""
    before = _endpoint(retraining)
    week = retraining.begin(partial(weeks.write, drift=1.5))
    assert week.ended(answer="Reject") == "success", week.states
    assert week.states["deploy"] == "skipped"
    assert week.states["reject"] == "success"
    assert retraining.packages[4] == "Rejected"
    assert _endpoint(retraining) == before


def test_a_failing_prediction_is_rolled_back(retraining: Retraining, second: Week) -> None:  # noqa: ARG001 -- comes after it
    """The endpoint serves again what it did, the version is rejected, and somebody is told."""
    failing = {
        "kind": "error",
        "operation": "InvokeEndpoint",
        "code": "ModelError",
        "message": "no model is loaded",
        "status": 424,
        "times": None,
    }
    with retraining.deployment.faults(failing):
        week = retraining.begin(partial(weeks.write, drift=1.5))
        assert week.ended(answer="Approve") == "failed", week.states
    assert week.states["predict"] == "failed"
    assert week.states["roll_back"] == "success"
    assert week.states["make_champion"] == "upstream_failed"
    assert retraining.packages[5] == "Rejected"
    assert retraining.served == 2
    heard: list[str] = []

    def is_told() -> bool:
        heard.extend(retraining.messages())
        of_it = [message for message in heard if week.run_id in message]
        return any("has failed" in each for each in of_it) and any(
            "is late" in each for each in of_it
        )

    until(is_told, "the topic hears that the run is late, and that it has failed")


def test_without_a_completed_training_job_nothing_is_registered(
    retraining: Retraining,
    second: Week,  # noqa: ARG001 -- comes after it
) -> None:
    """Data that no algorithm can read end the run where they are, and the champion serves on."""
    before, packages = _endpoint(retraining), retraining.packages
    week = retraining.begin(_write_nonsense)
    assert week.ended() == "failed", week.states
    assert week.states["tune"] == "failed"
    assert week.states["register"] == "upstream_failed"
    assert week.states["roll_back"] in {"skipped", "upstream_failed"}
    assert retraining.packages == packages
    assert _endpoint(retraining) == before


def test_clean_up_leaves_what_the_rule_says(
    retraining: Retraining, first: Week, second: Week
) -> None:
    """The newest version, the champion, and what the endpoint would be rolled back to."""
    week = retraining.begin(partial(weeks.write, drift=1.0, is_spoilt=True), keep=1)
    assert week.ended() == "success", week.states
    kept = {1: first, 2: second, max(retraining.packages): week}
    assert set(retraining.packages) == set(kept)
    aws = retraining.deployment.sagemaker
    models = {model["ModelName"] for model in aws.list_models()["Models"]}
    assert models == {f"{NAME}-v1", f"{NAME}-v2"}
    assert len(aws.list_endpoint_configs()["EndpointConfigs"]) == 2
    objects = retraining.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{NAME}/output/")["Contents"]
    training_jobs = {item["Key"].split("/")[2] for item in objects}
    tuning_jobs = {name.rpartition("-")[0].rpartition("-")[0] for name in training_jobs}
    assert tuning_jobs == {
        one.result("tune_and_register.tune")["HyperParameterTuningJobName"] for one in kept.values()
    }


def test_the_printed_policy_is_enough_and_no_more(retraining: Retraining, second: Week) -> None:  # noqa: ARG001 -- comes after it
    """In all these weeks nothing was refused; and what was needed by none has its reason."""
    access = retraining.access
    assert access["Refused"] == []
    (policy,) = access["Policies"]
    unused = {
        action
        for statement in policy["Statements"]
        for action, times in statement["Used"].items()
        if not times and not statement["Sid"].startswith("Optional")
    }
    assert unused == {*_UNUSED}


def test_no_secret_is_written_anywhere(retraining: Retraining, first: Week) -> None:
    """Not in a log, nor in Airflow's database, where XComs and rendered templates are."""
    home = retraining.deployment.stack.home
    name = first.result("tune_and_register.tune")["HyperParameterTuningJobName"]
    files = [file for file in home.rglob("*") if file.is_file()]
    contents = {file: file.read_bytes() for file in files}
    places = {file for file, content in contents.items() if name.encode() in content}
    assert any(file.suffix == ".log" for file in places)
    assert any(file.name.startswith("airflow.db") for file in places)
    secret = CREDENTIALS["AWS_SECRET_ACCESS_KEY"].encode()
    assert not [file for file, content in contents.items() if secret in content]


_UNUSED = {
    "sagemaker:DeleteEndpoint": "no first deployment failed, after which nothing is served",
    "sagemaker:StopTransformJob": "no task was killed while it scored",
}


def _endpoint(retraining: Retraining) -> tuple[str, Any]:
    endpoint = retraining.deployment.sagemaker.describe_endpoint(EndpointName=NAME)
    return endpoint["EndpointConfigName"], endpoint["LastModifiedTime"]


def _write_nonsense(s3: Any, day: datetime) -> None:
    weeks.write(s3, day, drift=0.0)
    key = f"{NAME}/{day:%Y-%m-%d}/train/data.csv"
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"yes,none\n")
