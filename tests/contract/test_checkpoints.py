"""CheckpointConfig: what a training job keeps in S3 while it runs, and finds again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws import DEADLINE_SECONDS, Aws, Document, has_ended, poll
from tests.contract.conftest import StartEndpoint
from tests.contract.examples import CONFIG, DEFINITION, LIMITS, changed, example
from tests.contract.processes import children

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mine:3"
PROGRAM = Path(__file__).parent / "programs" / "checkpointing.py"
PREFIX = "checkpoints/nightly"


@pytest.fixture(scope="module")
def started(start_shared_endpoint: StartEndpoint) -> tuple[Aws, subprocess.Popen[str]]:
    return start_shared_endpoint("--algorithm", f"*/mine:*={sys.executable} {PROGRAM}")


def request_for(bucket: str) -> Document:
    """A request for one training job, which may be started again once."""
    request = example(bucket)
    request[CONFIG]["ParameterRanges"] = {
        "ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]
    }
    request[CONFIG]["HyperParameterTuningJobObjective"] = {"MetricName": "loss", "Type": "Minimize"}
    request[DEFINITION] |= {
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "loss", "Regex": "loss=(.*)"}],
        },
        "StaticHyperParameters": {},
        "CheckpointConfig": {"S3Uri": f"s3://{bucket}/{PREFIX}/"},
        "RetryStrategy": {"MaximumRetryAttempts": 1},
    }
    limits = {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1}
    return changed(request, *LIMITS, value=limits)


def files(aws: Aws, bucket: str) -> Document:
    """The contents below the S3Uri, by the rest of their keys."""
    found = aws.s3.list_objects_v2(Bucket=bucket, Prefix=f"{PREFIX}/").get("Contents", ())
    return {
        each["Key"].removeprefix(f"{PREFIX}/"): aws.read(f"s3://{bucket}/{each['Key']}").decode()
        for each in found
    }


def test_a_training_job_that_is_lost_goes_on_from_its_checkpoint(
    started: tuple[Aws, subprocess.Popen[str]],
) -> None:
    """It is in S3 while the job runs, back when it starts again; what it deletes is deleted."""
    aws, process = started
    bucket = aws.upload("1", "2")
    name = aws.create(request_for(bucket))
    seen = poll(lambda: files(aws, bucket), lambda found: len(found) == 2)
    (job,) = aws.training_jobs(name)
    folder = job["TrainingJobName"]
    assert seen == {f"{folder}/first": "first", f"{folder}/starts": "x"}
    (fork_server,) = children(process.pid)
    os.kill(fork_server, signal.SIGKILL)
    assert aws.wait(name, has_ended)["HyperParameterTuningJobStatus"] == "Completed"
    described = aws.sagemaker.describe_training_job(TrainingJobName=folder)
    assert described["CheckpointConfig"] == {"S3Uri": f"s3://{bucket}/{PREFIX}/{folder}"}
    assert files(aws, bucket) == {f"{folder}/starts": "xx"}


def test_a_stopped_training_job_leaves_its_last_checkpoint(
    started: tuple[Aws, subprocess.Popen[str]],
) -> None:
    """What it writes on SIGTERM is in S3 when it is Stopped; LocalPath may be elsewhere."""
    aws, _ = started
    bucket = aws.upload("1", "2")
    request = request_for(bucket)
    request[DEFINITION]["CheckpointConfig"]["LocalPath"] = "/opt/ml/my/state/"
    name = aws.create(request)
    poll(lambda: files(aws, bucket), lambda found: len(found) == 2)
    aws.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    assert aws.wait(name, has_ended)["HyperParameterTuningJobStatus"] == "Stopped"
    (job,) = aws.training_jobs(name)
    assert files(aws, bucket)[f"{job['TrainingJobName']}/deep/stopped"] == "stopped"


def test_a_killed_endpoint_has_the_checkpoints_again(
    start_endpoint: StartEndpoint, tmp_path: Path
) -> None:
    """Over its data directory the training job starts again, and goes on."""
    options = (
        "--algorithm",
        f"*/mine:*={sys.executable} {PROGRAM}",
        "--data-dir",
        str(tmp_path / "data"),
    )
    aws, process = start_endpoint(*options)
    bucket = aws.upload("1", "2")
    name = aws.create(request_for(bucket))
    poll(lambda: files(aws, bucket), lambda found: len(found) == 2)
    process.kill()
    process.wait(DEADLINE_SECONDS)
    aws, _ = start_endpoint(*options)
    assert aws.wait(name, has_ended)["HyperParameterTuningJobStatus"] == "Completed"
    assert list(files(aws, bucket).values()) == ["xx"]


def test_a_bucket_for_checkpoints_that_is_missing_fails_the_training_job(
    started: tuple[Aws, subprocess.Popen[str]],
) -> None:
    """Before it starts, as the client's error, which names the checkpoints."""
    aws, _ = started
    request = request_for(aws.upload("1", "2"))
    request[DEFINITION]["CheckpointConfig"]["S3Uri"] = "s3://no-such-bucket/at/all"
    job = aws.run(request)
    (failed,) = aws.training_jobs(job["HyperParameterTuningJobName"])
    assert failed["FailureReason"].startswith("ClientError: Checkpoint upload failed: ")
    assert failed["FailureReason"].endswith("bucket: no-such-bucket")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"S3Uri": "https://bucket/key"}, "support CheckpointConfig.S3Uri https://bucket/key; use"),
        *(
            (
                {"S3Uri": "s3://bucket/key", "LocalPath": path},
                f"support CheckpointConfig.LocalPath {path}; use a path below /opt/ml, such as",
            )
            for path in (
                "/tmp/checkpoints",  # noqa: S108 -- never written
                "checkpoints",
                "/opt/ml",
                "/opt/ml/.",
                "/opt/ml/../../etc",
                "/opt/ml/input/data/train",
                f"/opt/ml/{'x' * 256}",
                "/opt/ml/\0",
                "",
            )
        ),
    ],
)
def test_places_that_a_training_job_cannot_have_are_refused(
    started: tuple[Aws, subprocess.Popen[str]], config: Document, message: str
) -> None:
    """At Create, with the path that is meant."""
    aws, _ = started
    request = changed(
        request_for(aws.upload("1", "2")), DEFINITION, "CheckpointConfig", value=config
    )
    with pytest.raises(ClientError) as refused:
        aws.create(request)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert message in refused.value.response["Error"]["Message"]
