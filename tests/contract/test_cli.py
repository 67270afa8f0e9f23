"""The AWS CLI, as its users type it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.contract import serving
from tests.contract.aws import DEADLINE_SECONDS, Aws, Document
from tests.contract.examples import IMAGE


def cli(url: str, *arguments: str, service: str = "sagemaker") -> Document:
    """What `aws sagemaker ...` prints, read as JSON; empty where it prints nothing."""
    result = subprocess.run(
        [str(Path(sys.executable).with_name("aws")), service, *arguments],
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


def test_the_cli_deploys_the_best_model(aws: Aws, completed: Document, tmp_path: Path) -> None:
    """Model, endpoint, its waiter and an invocation end in what plain XGBoost predicts."""
    artifact = serving.artifact_of(aws, completed)
    name = serving.unique("cli")
    container = f"Image={IMAGE},ModelDataUrl={artifact}"
    variant = f"VariantName=all,ModelName={name},InstanceType=ml.m5.large,InitialInstanceCount=1"
    named = ("--endpoint-name", name)
    config = ("--endpoint-config-name", name)
    answer, row = tmp_path / "answer.csv", [0.1, 0.2, 0.3, 0.4, 0.5]
    body = tmp_path / "row.csv"
    body.write_text(",".join(map(str, row)))

    cli(
        aws.url,
        *("create-model", "--model-name", name),
        *("--execution-role-arn", serving.ROLE, "--primary-container", container),
    )
    cli(aws.url, "create-endpoint-config", *config, "--production-variants", variant)
    cli(aws.url, "create-endpoint", *named, *config)
    cli(aws.url, "wait", "endpoint-in-service", *named)
    cli(
        aws.url,
        *("invoke-endpoint", *named, "--content-type", "text/csv"),
        *("--body", f"fileb://{body}", str(answer)),
        service="sagemaker-runtime",
    )
    expected = serving.plain_predictions(aws, artifact, np.array([row]))
    assert float(answer.read_text()) == pytest.approx(expected[0])


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
