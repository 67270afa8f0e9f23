"""The AWS CLI, as its users type it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.contract.aws import DEADLINE_SECONDS, Aws, Document


def cli(url: str, *arguments: str) -> Document:
    """What `aws sagemaker ...` prints, read as JSON; empty where it prints nothing."""
    result = subprocess.run(
        [str(Path(sys.executable).with_name("aws")), "sagemaker", *arguments],
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=True,
        env={
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
        },
    )
    return json.loads(result.stdout) if result.stdout else {}


def test_the_cli_creates_describes_lists_and_stops(
    aws: Aws, request_document: Document, tmp_path: Path
) -> None:
    """Each of its tuning commands is understood and answered."""
    name = request_document["HyperParameterTuningJobName"]
    file = tmp_path / "request.json"
    file.write_text(json.dumps(request_document))
    named = ("--hyper-parameter-tuning-job-name", name)

    created = cli(
        aws.url, "create-hyper-parameter-tuning-job", "--cli-input-json", f"file://{file}"
    )
    assert created["HyperParameterTuningJobArn"].endswith(f"/{name}")
    aws.wait(name, lambda job: job["HyperParameterTuningJobStatus"] == "Completed")
    job = cli(aws.url, "describe-hyper-parameter-tuning-job", *named)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    jobs = cli(aws.url, "list-hyper-parameter-tuning-jobs", "--name-contains", name)
    assert len(jobs["HyperParameterTuningJobSummaries"]) == 1
    training_jobs = cli(
        aws.url, "list-training-jobs-for-hyper-parameter-tuning-job", *named, "--max-items", "3"
    )
    assert len(training_jobs["TrainingJobSummaries"]) == 3


def test_the_cli_stops_a_job(aws: Aws, request_document: Document) -> None:
    """Stop answers nothing, as on AWS, and the job ends Stopped."""
    request_document["HyperParameterTuningJobConfig"]["ResourceLimits"] = {
        "MaxNumberOfTrainingJobs": 700,
        "MaxParallelTrainingJobs": 1,
    }
    name = aws.create(request_document)
    stop = ("stop-hyper-parameter-tuning-job", "--hyper-parameter-tuning-job-name", name)
    assert cli(aws.url, *stop) == {}
    aws.wait(name, lambda job: job["HyperParameterTuningJobStatus"] == "Stopped")
