"""Tuning a user's own algorithm, and a user's script, as users start the endpoint for it."""

import io
import json
import lzma
import subprocess
import sys
import tarfile
import uuid
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws import Aws, Document, has_ended
from tests.contract.conftest import StartEndpoint
from tests.contract.examples import CONFIG, DEFINITION, channel, example

PROGRAMS = Path(__file__).parent / "programs"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mine:3"
FRAMEWORK_IMAGE = (
    "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
)
LOSS = {"Name": "loss", "Regex": r"loss=([-0-9.e]+)"}


@pytest.fixture(scope="module")
def own(start_shared_endpoint: StartEndpoint) -> Aws:
    """An endpoint that knows the algorithm of this directory."""
    command = f"{sys.executable} {PROGRAMS / 'own_algorithm.py'}"
    aws, _ = start_shared_endpoint("--algorithm", f"*/mine:*={command}", "--stop-grace", "30")
    return aws


@pytest.fixture(scope="module")
def own_bucket(own: Aws) -> str:
    return own.upload("1,2\n", "3,4\n")


def request_for(bucket: str, image: str, metrics: list[Document], **static: str) -> Document:
    """A request to tune x of an algorithm that is not SageMaker's."""
    request = example(bucket)
    request[CONFIG]["ParameterRanges"] = {
        "ContinuousParameterRanges": [{"Name": "x", "MinValue": "-10", "MaxValue": "10"}]
    }
    request[CONFIG]["HyperParameterTuningJobObjective"] = {
        "MetricName": "loss",
        "Type": "Minimize",
    }
    request[DEFINITION]["AlgorithmSpecification"] = {
        "TrainingImage": image,
        "TrainingInputMode": "File",
        "MetricDefinitions": metrics,
    }
    request[DEFINITION]["StaticHyperParameters"] = static
    return request


def model(aws: Aws, training_job: str) -> dict[str, bytes]:
    """The files of a training job's model."""
    job = aws.sagemaker.describe_training_job(TrainingJobName=training_job)
    archive = aws.read(job["ModelArtifacts"]["S3ModelArtifacts"])
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {each.name: tar.extractfile(each).read() for each in tar if each.isfile()}  # type: ignore[union-attr]


def test_an_own_algorithm_is_tuned(own: Aws, own_bucket: str) -> None:
    """It finds SageMaker's files, its metric is scraped, its artifacts are kept."""
    request = request_for(own_bucket, IMAGE, [LOSS])
    request[DEFINITION]["Environment"] = {"FLAG": "on"}
    job = own.run(request)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Completed"] == 4
    best = job["BestTrainingJob"]
    x = float(best["TunedHyperParameters"]["x"])
    value = best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    assert value == pytest.approx((x - 2) ** 2, rel=1e-4, abs=1e-4), "the last epoch's counts"
    described = own.sagemaker.describe_training_job(TrainingJobName=best["TrainingJobName"])
    definitions = described["AlgorithmSpecification"]["MetricDefinitions"]
    assert definitions == [LOSS, {**LOSS, "Name": "ObjectiveMetric"}]
    assert json.loads(model(own, best["TrainingJobName"])["seen.json"]) == {
        "files": ["train/part-0.csv", "validation/part-0.csv"],
        "channels": {
            name: {
                "ContentType": "csv",
                "TrainingInputMode": "File",
                "S3DistributionType": "FullyReplicated",
                "RecordWrapperType": "None",
            }
            for name in ("train", "validation")
        },
        "name": best["TrainingJobName"],
        "flag": "on",
        "secret": None,
        "modules": [],
    }


def test_hyperband_leaves_time_to_save_the_model(own: Aws, own_bucket: str) -> None:
    """Its last epoch is the MaxResource-th, and what comes after that epoch is not cut off."""
    request = request_for(own_bucket, IMAGE, [LOSS], pause="1")
    request[CONFIG]["Strategy"] = "Hyperband"
    limits = {"MinResource": 3, "MaxResource": 3}
    request[CONFIG]["StrategyConfig"] = {"HyperbandStrategyConfig": limits}
    job = own.run(request)
    assert job["TrainingJobStatusCounters"]["Completed"] == 4
    assert "seen.json" in model(own, job["BestTrainingJob"]["TrainingJobName"])


def test_an_own_algorithm_says_why_it_failed(own: Aws, own_bucket: str) -> None:
    """In /opt/ml/output/failure, with its exit code, in AWS's form."""
    job = own.run(request_for(own_bucket, IMAGE, [LOSS], fail="no memory"))
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    reasons = {each["FailureReason"] for each in own.training_jobs(_name(job))}
    assert reasons == {"AlgorithmError: no memory, exit code: 7"}


def test_an_own_algorithm_is_stopped(own: Aws, own_bucket: str) -> None:
    """It gets SIGTERM and may end in order."""
    name = own.create(request_for(own_bucket, IMAGE, [LOSS], wait="1"))
    own.wait(name, lambda job: job["TrainingJobStatusCounters"]["InProgress"] > 0)
    own.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    assert own.wait(name, has_ended)["HyperParameterTuningJobStatus"] == "Stopped"


def test_a_manifest_lists_a_channels_objects(own: Aws, own_bucket: str) -> None:
    """Each is where its suffix says."""
    own.s3.put_object(Bucket=own_bucket, Key="many/a/1.csv", Body="1")
    own.s3.put_object(Bucket=own_bucket, Key="many/2.csv", Body="2")
    own.s3.put_object(Bucket=own_bucket, Key="many/3.csv", Body="3")
    manifest = [{"prefix": f"s3://{own_bucket}/many/"}, "a/1.csv", "2.csv"]
    own.s3.put_object(Bucket=own_bucket, Key="list", Body=json.dumps(manifest))
    request = request_for(own_bucket, IMAGE, [LOSS])
    listed = channel("train", f"s3://{own_bucket}/list")
    listed["DataSource"]["S3DataSource"]["S3DataType"] = "ManifestFile"
    request[DEFINITION]["InputDataConfig"] = [listed]
    best = own.run(request)["BestTrainingJob"]["TrainingJobName"]
    assert json.loads(model(own, best)["seen.json"])["files"] == ["train/2.csv", "train/a/1.csv"]


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ("{}", r"list is not a manifest file: a JSON array"),
        ('[{"prefix": "s3://BUCKET/"}]', "not a manifest file"),
        ('[{"prefix": "s3://BUCKET/"}, "absent"]', 'No S3 objects found under S3 URL "s3://'),
        ('[{"prefix": "s3://BUCKET/x"}, "/../.."]', "No S3 objects found under S3 URL"),
    ],
)
def test_a_bad_manifest_fails_the_training_jobs(
    own: Aws, own_bucket: str, manifest: str, reason: str
) -> None:
    """With the object that is wrong, as a client error."""
    body = manifest.replace("BUCKET", own_bucket)
    own.s3.put_object(Bucket=own_bucket, Key="bad/list", Body=body)
    request = request_for(own_bucket, IMAGE, [LOSS])
    listed = channel("train", f"s3://{own_bucket}/bad/list")
    listed["DataSource"]["S3DataSource"]["S3DataType"] = "ManifestFile"
    request[DEFINITION]["InputDataConfig"] = [listed]
    failed = own.training_jobs(_name(own.run(request)))[0]["FailureReason"]
    assert failed.startswith("ClientError: ")
    assert reason in failed


def test_a_command_that_is_not_there_ends_the_start() -> None:
    """In one line that names the option."""
    command = [sys.executable, "-m", "sagemaker_tuning.local", "--port", "0"]
    ended = subprocess.run(
        [*command, "--algorithm", "mine=no-such-program"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == (
        "sagemaker-tuning local: --algorithm 'mine=no-such-program': 'no-such-program' is not a"
        " program that can be run. Give one that is in PATH, or its path.\n"
    )


REFUSED: dict[str, tuple[list[Document], str]] = {
    "no metric definitions": (
        [],
        (
            "A metric is required for this hyperparameter tuning job objective. Provide a metric in"
            " the metric definitions."
        ),
    ),
    "another metric": ([{**LOSS, "Name": "gain"}], "A metric is required for this"),
    "no regular expression": (
        [LOSS, {"Name": "gain", "Regex": "(("}],
        "AlgorithmSpecification.MetricDefinitions.2.Regex cannot be used",
    ),
    "no group": ([{**LOSS, "Regex": "loss"}], "MetricDefinitions.1.Regex cannot be used"),
    "a name twice": ([LOSS, LOSS], "MetricDefinitions.1.Name loss is not unique"),
    "the objective's second name": (
        [LOSS, {**LOSS, "Name": "ObjectiveMetric"}],
        "MetricDefinitions.2.Name ObjectiveMetric is the name under which",
    ),
    "too many": (
        [{**LOSS, "Name": f"m{number}"} for number in range(41)],
        "Member must have length less than or equal to 40",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_metric_definitions_are_checked(own: Aws, own_bucket: str, case: str) -> None:
    """At Create, before anything is trained."""
    metrics, message = REFUSED[case]
    with pytest.raises(ClientError) as raised:
        own.create(request_for(own_bucket, IMAGE, metrics))
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    assert message in raised.value.response["Error"]["Message"]


SCRIPT = """
import argparse, json, os, pathlib, sys
import numpy as np
from sklearn.linear_model import Ridge
import helper

parser = argparse.ArgumentParser()
parser.add_argument("--alpha", type=float)
parser.add_argument("-k", type=int)
parser.add_argument("--name")
parser.add_argument("--model-dir", default=os.environ["SM_MODEL_DIR"])
parser.add_argument("--train", default=os.environ["SM_CHANNEL_TRAIN"])
options = parser.parse_args()
rows = np.loadtxt(pathlib.Path(options.train) / "part-0.csv", delimiter=",")
ridge = Ridge(alpha=options.alpha).fit(rows[:, 1:], rows[:, 0])
print(f"loss={np.mean((ridge.predict(rows[:, 1:]) - rows[:, 0]) ** 2)};", file=sys.stderr)
pathlib.Path(options.model_dir, "seen.json").write_text(json.dumps({
    "k": options.k,
    "name": options.name,
    "helped": helper.HELPED,
    "user_args": json.loads(os.environ["SM_USER_ARGS"]),
    "hps": json.loads(os.environ["SM_HPS"]),
    "module": os.environ["SM_MODULE_NAME"],
    "module_dir": os.environ["SM_MODULE_DIR"],
    "job_name": os.environ["SAGEMAKER_JOB_NAME"],
    "env": sorted(json.loads(os.environ["SM_TRAINING_ENV"])),
}))
"""


def archived(files: dict[str, str], *members: tarfile.TarInfo) -> bytes:
    """A tar.gz archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
        for member in members:
            tar.addfile(member)
    return stream.getvalue()


def script_request(aws: Aws, bucket: str, archive: bytes, **static: Any) -> Document:
    """A request as the SageMaker SDK makes it for a script, every hyperparameter in JSON."""
    uri = f"s3://{bucket}/code/{uuid.uuid4().hex}/sourcedir.tar.gz"
    aws.s3.put_object(Bucket=bucket, Key=uri.split("/", 3)[3], Body=archive)
    parameters = {
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": uri,
        "sagemaker_container_log_level": 20,
        "sagemaker_job_name": "script-job",
        "sagemaker_region": "us-east-1",
        **static,
    }
    request = request_for(
        bucket,
        FRAMEWORK_IMAGE,
        [{"Name": "loss", "Regex": "loss=([0-9.e-]+);"}],
        **{name: json.dumps(value) for name, value in parameters.items()},
    )
    request[CONFIG]["ParameterRanges"] = {
        "ContinuousParameterRanges": [{"Name": "alpha", "MinValue": "0.1", "MaxValue": "9"}]
    }
    return request


def test_a_scikit_learn_script_is_tuned_unchanged(aws: Aws, bucket: str) -> None:
    """Hyperparameters are its arguments, its own modules are importable, its metric is found."""
    archive = archived({"train.py": SCRIPT, "helper.py": "HELPED = True", "requirements.txt": "x"})
    request = script_request(aws, bucket, archive, k=3, name="a b")
    job = aws.run(request)
    assert job["HyperParameterTuningJobStatus"] == "Completed", job
    best = job["BestTrainingJob"]
    alpha = best["TunedHyperParameters"]["alpha"]
    seen = json.loads(model(aws, best["TrainingJobName"])["seen.json"])
    assert {"hyperparameters", "input_data_config", "model_dir"} <= set(seen.pop("env"))
    assert seen == {
        "k": 3,
        "name": "a b",
        "helped": True,
        "user_args": ["--alpha", str(float(alpha)), "-k", "3", "--name", "a b"],
        "hps": {"alpha": float(alpha), "k": 3, "name": "a b"},
        "module": "train",
        "module_dir": json.loads(
            request[DEFINITION]["StaticHyperParameters"]["sagemaker_submit_directory"]
        ),
        "job_name": "script-job",
    }


def _link(name: str, target: str, kind: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


BAD_ARCHIVES: dict[str, tuple[bytes, str]] = {
    "no archive": (
        b"print()",
        (
            "AlgorithmError: sagemaker_submit_directory is not an archive that can be unpacked: it"
            " is no tar file, gzipped or not"
        ),
    ),
    "half a file of another compression": (
        lzma.compress(archived({"train.py": "x" * 5000}))[:-20],
        "sagemaker_submit_directory is not an archive that can be unpacked: ",
    ),
    "half an archive": (
        archived({"train.py": "x" * 5000})[:60],
        "Compressed file ended",
    ),
    "an absolute path": (archived({"/tmp/x": ""}), "a member outside of it, '/tmp/x'"),  # noqa: S108 -- never written
    "a path with ..": (archived({"a/../../x": ""}), "a member outside of it, 'a/../../x'"),
    "a symbolic link": (
        archived({}, _link("train.py", "/etc/passwd", tarfile.SYMTYPE)),
        "'train.py', which is neither a file nor a folder",
    ),
    "a hard link": (archived({}, _link("x", "y", tarfile.LNKTYPE)), "neither a file nor a folder"),
    "a device": (archived({}, _link("x", "", tarfile.CHRTYPE)), "neither a file nor a folder"),
    "without the script": (
        archived({"other.py": ""}),
        "sagemaker_program 'train.py' is not in sagemaker_submit_directory, which has: other.py",
    ),
    "a script that ends": (
        archived({"train.py": "print('no rows'); raise SystemExit(9)"}),
        'ExecuteUserScriptError:\nExitCode 9\nErrorMessage "no rows", exit code: 9',
    ),
    "a script that fails": (
        archived({"train.py": "print(1)\nraise ValueError('no rows')"}),
        "in <module>\n    raise ValueError('no rows')\nValueError: no rows\", exit code: 1",
    ),
}


@pytest.mark.parametrize("case", BAD_ARCHIVES)
def test_a_bad_archive_fails_the_training_jobs(aws: Aws, bucket: str, case: str) -> None:
    """Nothing of it is run, and the reason names what is wrong."""
    archive, reason = BAD_ARCHIVES[case]
    job = aws.run(script_request(aws, bucket, archive))
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    failed = aws.training_jobs(_name(job))[0]["FailureReason"]
    assert failed.startswith("AlgorithmError: ")
    assert reason in failed


def test_a_script_that_is_not_there_fails_the_training_jobs(aws: Aws, bucket: str) -> None:
    """In AWS's words for objects that are missing."""
    request = script_request(aws, bucket, b"", sagemaker_submit_directory=f"s3://{bucket}/none")
    failed = aws.training_jobs(_name(aws.run(request)))[0]["FailureReason"]
    assert failed.startswith(f'ClientError: No S3 objects found under S3 URL "s3://{bucket}/none"')


def test_a_script_in_a_built_in_image_tunes_what_the_algorithm_does(aws: Aws, bucket: str) -> None:
    """As AWS has it: a range of a hyperparameter of the script's own is refused."""
    request = example(bucket)
    request[DEFINITION]["StaticHyperParameters"] |= {
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": f"s3://{bucket}/none",
    }
    request[CONFIG]["ParameterRanges"]["CategoricalParameterRanges"] = [
        {"Name": "encoding", "Values": ["onehot", "ordinal"]}
    ]
    with pytest.raises(ClientError, match=r"The hyperparameter name, \[encoding\], in the"):
        aws.create(request)


def test_script_mode_needs_both_hyperparameters(aws: Aws, bucket: str) -> None:
    """At Create, with the one that is missing."""
    request = script_request(aws, bucket, b"")
    del request[DEFINITION]["StaticHyperParameters"]["sagemaker_submit_directory"]
    with pytest.raises(ClientError, match="no sagemaker_submit_directory"):
        aws.create(request)


def _name(job: Document) -> str:
    name: str = job["HyperParameterTuningJobName"]
    return name


def test_a_restart_without_the_algorithm_costs_nothing(
    start_endpoint: StartEndpoint, tmp_path: Path
) -> None:
    """It is refused on one line with the image and the option; with the option the job goes on."""
    data = ("--data-dir", str(tmp_path / "data"))
    option = ("--algorithm", f"*/mine:*={sys.executable} {PROGRAMS / 'own_algorithm.py'}")
    aws, process = start_endpoint(*data, *option, "--completion-delay", "0.3")
    request = request_for(aws.upload("1,2\n", "3,4\n"), IMAGE, [LOSS])
    request[DEFINITION]["RetryStrategy"] = {"MaximumRetryAttempts": 5}
    name = aws.create(request)
    process.kill()
    process.wait()
    refused = subprocess.run(
        [sys.executable, "-m", "sagemaker_tuning.local", "--port", "0", *data],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"sagemaker-tuning local: --data-dir {data[1]}: tuning jobs that are not finished need"
        f" programs for these training images: {IMAGE} ({name}). Give them with --algorithm"
        " IMAGE=COMMAND, --algorithms FILE or --simulate IMAGE=SECONDS, as before. Nothing has been"
        " changed.\n"
    )
    aws, _ = start_endpoint(*data, *option)
    job = aws.wait(name, has_ended)
    assert job["TrainingJobStatusCounters"]["Completed"] == 4
