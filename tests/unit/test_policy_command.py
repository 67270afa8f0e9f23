"""The command that prints policies, of real DAG files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sagemaker_tuning import cli

if TYPE_CHECKING:
    from pathlib import Path

DAG = """
from datetime import timedelta
from airflow.providers.amazon.aws.notifications.sns import SnsNotifier
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.sdk import DAG, Param, task
from sagemaker_tuning.operators.leaderboard import SageMakerTuningJobLeaderboardOperator
from sagemaker_tuning.operators.tuning_job import SageMakerCreateTuningJobOperator

print("parsed")

with DAG(
    "first",
    schedule=None,
    params={"bucket": Param("one", type="string"), "unset": Param(type="string")},
    on_failure_callback=SnsNotifier(target_arn="arn:aws:sns:eu-west-1:123456789012:a", message="m"),
):
    S3KeySensor(task_id="wait", bucket_key="s3://{{ params.bucket }}/{{ ds }}/done")
    SageMakerTuningJobLeaderboardOperator.partial(
        task_id="rank", tuning_job_name="{{ run_id }}"
    ).expand(s3_uri=["s3://{{ params.bucket }}/a.csv", "s3://two/b.csv"])

    @task
    def own():
        pass

    own()

with DAG("mapped", schedule=None):
    tune = SageMakerCreateTuningJobOperator.partial(task_id="tune", tuning_job_config="{{ none }}")
    roles = ["arn:aws:iam::123456789012:role/" + name for name in ("A", "B")]
    tune.expand(
        training_job_definition=[
            {"RoleArn": role, "OutputDataConfig": {"S3OutputPath": "s3://four/out"}}
            for role in roles
        ],
        tuning_job_name=["a", "b"],
    )

with DAG("unknown", schedule=None):
    given = S3KeySensor(task_id="given", bucket_key="s3://one/done").output
    tune = SageMakerCreateTuningJobOperator.partial(task_id="tune", tuning_job_config="{{ none }}")
    tune.expand_kwargs(given)

with DAG("second", schedule=None):
    SageMakerCreateTuningJobOperator(
        task_id="tune", tuning_job_config="{{ none }}", training_job_definition="definition.yaml"
    )
"""
DEFINITION = """
RoleArn: arn:aws:iam::123456789012:role/FromFile
OutputDataConfig: {S3OutputPath: s3://three/out}
InputDataConfig: []
"""


@pytest.fixture
def dag_file(tmp_path: Path) -> Path:
    (tmp_path / "definition.yaml").write_text(DEFINITION)
    file = tmp_path / "pipeline.py"
    file.write_text(DAG)
    return file


def printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[Any, str]:
    assert cli.main(["policy", *map(str, arguments)]) == 0
    out, err = capsys.readouterr()
    return json.loads(out), err


def by_sid(policy: Any) -> Any:
    return {each["Sid"]: each["Resource"] for each in policy["Statement"]}


def test_a_dag_file_is_read(dag_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Params, mapped arguments and callbacks; what is not covered is said on standard error."""
    policy, err = printed(capsys, "--dag", dag_file, "--dag-id", "first", "--role", "airflow")
    assert by_sid(policy) == {
        "NotifyTopics": ["arn:aws:sns:eu-west-1:123456789012:a"],
        "WaitForObjects": ["arn:aws:s3:::one"],
        "LookAtObjects": ["arn:aws:s3:::one/*/done"],
        "LookAtTuningJobs": ["arn:aws:sagemaker:*:*:hyper-parameter-tuning-job/*"],
        "ListTrainingJobs": ["arn:aws:sagemaker:*:*:hyper-parameter-tuning-job/*"],
        "WriteLeaderboards": ["arn:aws:s3:::one/a.csv", "arn:aws:s3:::two/b.csv"],
    }
    assert err == (
        "sagemaker-tuning policy: _PythonDecoratedOperator is not covered: add what it calls, if"
        " anything\n"
    )


def test_params_can_be_given(dag_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In place of their defaults."""
    policy, _ = printed(
        capsys,
        "--dag",
        dag_file,
        "--dag-id",
        "first",
        "--role",
        "airflow",
        "--param",
        "bucket=mine",
    )
    assert by_sid(policy)["WaitForObjects"] == ["arn:aws:s3:::mine"]


def test_files_beside_the_dag_are_read(dag_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The role that a definition in a file names; both policies are in one document."""
    both, _ = printed(capsys, "--dag", dag_file, "--dag-id", "second", "--bucket", "mine")
    assert by_sid(both["AirflowRole"])["PassTrainingRole"] == [
        "arn:aws:iam::123456789012:role/FromFile"
    ]
    assert by_sid(both["TrainingRole"])["WriteOutput"] == ["arn:aws:s3:::mine/out/*"]


def test_every_mapped_task_is_read(dag_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever arguments it has, of those that are known."""
    policy, _ = printed(capsys, "--dag", dag_file, "--dag-id", "mapped", "--role", "airflow")
    resources = by_sid(policy)
    place = "arn:aws:iam::123456789012:role/"
    assert resources["PassTrainingRole"] == [f"{place}A", f"{place}B"]
    jobs = "arn:aws:sagemaker:*:123456789012:hyper-parameter-tuning-job/"
    assert resources["LaunchTuningJobs"] == [f"{jobs}a*", f"{jobs}b*"]


def test_mapped_arguments_that_a_task_gives_are_asked_for(
    dag_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the definitions name is known to a run alone; what they may want is allowed."""
    arguments = ["policy", "--dag", str(dag_file), "--dag-id", "unknown", "--role", "airflow"]
    with pytest.raises(SystemExit):
        cli.main(arguments)
    assert "--training-role: nothing says" in capsys.readouterr().err
    options = ["--bucket", "mine", "--training-role", "arn:aws:iam::123456789012:role/T"]
    policy, _ = printed(capsys, *arguments[1:], *options)
    assert {"TagTuningJobs", "ListTrainingJobs"} <= by_sid(policy).keys()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing_of_that_name", "No module named 'nothing_of_that_name'"),
        ("x = 1", "there is no DAG in it"),
        (None, "there is no such file"),
    ],
)
def test_a_file_that_is_none_is_one_line(
    text: str | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a traceback, and without a policy."""
    file = tmp_path / "broken.py"
    if text is not None:
        file.write_text(text)
    assert cli.main(["policy", "--dag", str(file)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert message in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "one of the arguments --dag --feature --list is required"),
        (
            ["--feature", "tune"],
            "--bucket: nothing says which bucket has the data of jobs; --training-",
        ),
        (["--feature", "fly"], "invalid choice: 'fly'"),
        (["--feature", "tune", "--training-role", "Mine"], "'Mine': give arn:aws:iam::<account>"),
        (["--feature", "tune", "--account", "1"], "'1': give twelve digits"),
        (["--feature", "tune", "--param", "a"], "'a': give NAME=VALUE"),
    ],
)
def test_wrong_options_are_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what would be right."""
    with pytest.raises(SystemExit) as caught:
        cli.main(["policy", *arguments])
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert message in err


def test_features_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its operator, and every one of them has policies."""
    assert cli.main(["policy", "--list"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    options = [option for name in names for option in ("--feature", name)]
    role = "arn:aws:iam::123456789012:role/T"
    both, err = printed(capsys, *options, "--bucket", "mine", "--training-role", role)
    assert err == ""
    assert both["AirflowRole"]["Statement"]
    assert both["TrainingRole"]["Statement"]
