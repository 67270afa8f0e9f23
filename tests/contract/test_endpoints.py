"""Endpoints: from a model to predictions, and what becomes of those that cannot serve."""

import io
import json
import math
import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import botocore.exceptions
import numpy as np
import pytest
import xgboost

from tests.contract import processes, serving
from tests.contract.aws import Aws, Document
from tests.contract.conftest import StartEndpoint
from tests.contract.examples import IMAGE, example, rows

ROWS = np.random.default_rng(5).normal(size=(7, 5)).astype(np.float32)
CSV = "\n".join(",".join(repr(float(value)) for value in row) for row in ROWS)


@pytest.fixture(scope="module")
def uri(aws: Aws, completed: Document) -> str:
    return serving.artifact_of(aws, completed)


@pytest.fixture(scope="module")
def model(aws: Aws, uri: str) -> str:
    return serving.create_model(aws, uri)


@pytest.fixture(scope="module")
def in_service(aws: Aws, model: str) -> str:
    return serving.create_endpoint(aws, model)


def test_predictions_are_the_models(aws: Aws, uri: str, in_service: str) -> None:
    """CSV, one row or many, gets what plain XGBoost makes of the artifact."""
    expected = serving.plain_predictions(aws, uri, ROWS)
    answer = serving.invoke(aws, in_service, CSV)
    assert [float(value) for value in answer["Body"].splitlines()] == pytest.approx(expected)
    assert answer["ContentType"].startswith("text/csv")
    assert answer["InvokedProductionVariant"] == "variant-0"
    single = serving.invoke(aws, in_service, CSV.splitlines()[3])["Body"]
    assert float(single) == pytest.approx(expected[3])


def test_libsvm_and_missing_values(aws: Aws, uri: str, in_service: str) -> None:
    """A feature that libsvm leaves out and an empty CSV value are missing ones."""
    sparse = ROWS[:2].copy()
    sparse[0, 1] = sparse[1, 4] = np.nan
    expected = serving.plain_predictions(aws, uri, sparse)
    libsvm = "\n".join(
        " ".join(
            f"{index}:{value!r}"
            for index, value in enumerate(map(float, row))
            if not math.isnan(value)
        )
        for row in sparse
    )
    csv = "\n".join(
        ",".join("" if math.isnan(value) else repr(value) for value in map(float, row))
        for row in sparse
    )
    for body, kind in ((libsvm, "text/libsvm"), (libsvm, "text/x-libsvm"), (csv, "text/csv")):
        answer = serving.invoke(aws, in_service, body, ContentType=kind)["Body"]
        assert [float(value) for value in answer.splitlines()] == pytest.approx(expected), kind


def test_json_is_answered_where_it_is_accepted(aws: Aws, in_service: str) -> None:
    answer = serving.invoke(aws, in_service, CSV, Accept="application/json")
    assert answer["ContentType"] == "application/json"
    assert answer["Body"].startswith('{"predictions": [{"score": ')


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        ("1,2", "text/csv", 400, "data 2 is not consistent with feature size of trained model 5"),
        ("1,2,3,4,5\n1,2", "text/csv", 415, "row 2 has 2 values"),
        ("1,2,3,4,x", "text/csv", 415, "'x', which is not a number"),
        ("\n\n", "text/csv", 415, "no rows"),
        ("9:1", "text/libsvm", 400, "data 10 is larger than feature size of trained model 5"),
        ("x:1", "text/libsvm", 415, "'x:1'"),
        ("{}", "application/json", 415, "Content type application/json is not supported"),
    ],
)
def test_what_the_container_refuses(
    aws: Aws, in_service: str, *, body: str, kind: str, status: int, words: str
) -> None:
    """It is a ModelError that carries the container's status and words."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        serving.invoke(aws, in_service, body, ContentType=kind)
    response: Document = dict(caught.value.response)
    assert response["Error"]["Code"] == "ModelError"
    assert response["OriginalStatusCode"] == status
    assert words in response["OriginalMessage"]


def test_many_at_a_time(aws: Aws, uri: str, in_service: str) -> None:
    """Each of many callers gets the answer to its own row."""
    expected = serving.plain_predictions(aws, uri, ROWS)
    lines = CSV.splitlines()
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda n: float(serving.invoke(aws, in_service, lines[n % 7])["Body"]), range(56)
            )
        )
    assert answers == pytest.approx(expected * 8)


def test_variants_share_by_weight(aws: Aws, model: str) -> None:
    """A variant of weight 0 gets nothing, but for those who name it."""
    endpoint = serving.create_endpoint(aws, model, model)
    aws.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=[{"VariantName": "variant-0", "DesiredWeight": 0}],
    )
    names = {serving.invoke(aws, endpoint, CSV)["InvokedProductionVariant"] for _ in range(10)}
    assert names == {"variant-1"}
    named = serving.invoke(aws, endpoint, CSV, TargetVariant="variant-0")
    assert named["InvokedProductionVariant"] == "variant-0"
    with pytest.raises(botocore.exceptions.ClientError, match="TargetVariant other"):
        serving.invoke(aws, endpoint, CSV, TargetVariant="other")


def _with_link() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        link = tarfile.TarInfo("xgboost-model")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no archive", "Failed to extract model data"),
        (serving.archive(other=b"x"), "no file xgboost-model"),
        (serving.archive(**{"xgboost-model": b"{damaged"}), "cannot be loaded"),
        (serving.archive(**{"xgboost-model": b"\x80\x04pickle"}), "unpickles nothing"),
        (serving.archive(**{"../xgboost-model": b"x"}), "'../xgboost-model'"),
        (serving.archive(**{"/xgboost-model": b"x"}), "'/xgboost-model'"),
        (_with_link(), "no links"),
    ],
    ids=["no archive", "no model", "damaged", "pickle", "dots", "absolute", "link"],
)
def test_models_that_cannot_be_served(aws: Aws, bucket: str, content: bytes, reason: str) -> None:
    """Their endpoints are Failed with the reason, and the endpoint process goes on."""
    model = serving.create_model(aws, serving.put(aws, bucket, content))
    endpoint = serving.create_endpoint(aws, model)
    described = aws.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointStatus"] == "Failed"
    assert reason in described["FailureReason"]
    with pytest.raises(botocore.exceptions.ClientError, match=f"Endpoint {endpoint} of account"):
        serving.invoke(aws, endpoint, CSV)
    config = described["EndpointConfigName"]
    with pytest.raises(botocore.exceptions.ClientError, match="Cannot update failed endpoint"):
        aws.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    aws.sagemaker.delete_endpoint(EndpointName=endpoint)


def test_an_image_that_nobody_can_serve(aws: Aws, uri: str) -> None:
    endpoint = serving.create_endpoint(aws, serving.create_model(aws, uri, image="mine:1"))
    described = aws.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointStatus"] == "Failed"
    assert "'mine:1'" in described["FailureReason"]


def test_an_update_serves_the_new_model(aws: Aws, bucket: str, uri: str, model: str) -> None:
    """After an update the other model answers; a failed one leaves the endpoint as it was."""
    endpoint = serving.create_endpoint(aws, model)
    other = xgboost.train({"max_depth": 1}, xgboost.DMatrix(ROWS, ROWS[:, 0]), 2)
    good = serving.put(
        aws, bucket, serving.archive(**{"xgboost-model": bytes(other.save_raw("ubj"))})
    )
    bad = serving.put(aws, bucket, serving.archive(other=b"x"))
    for artifact in (good, bad):
        config = serving.create_config(aws, serving.create_model(aws, artifact))
        aws.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)
        described = serving.settled(aws, endpoint)
        assert described["EndpointStatus"] == "InService"
        answer = serving.invoke(aws, endpoint, CSV)["Body"].splitlines()
        expected = other.predict(xgboost.DMatrix(ROWS)).tolist()
        assert [float(value) for value in answer] == pytest.approx(expected)
    assert "no file xgboost-model" in described["FailureReason"]
    assert uri not in (good, bad)


def test_what_is_coming_is_told_until_it_has_come(aws: Aws, model: str) -> None:
    """PendingDeploymentSummary names the new configuration; the endpoint still has the old one."""
    endpoint = serving.create_endpoint(aws, model)
    before = aws.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert "PendingDeploymentSummary" not in before
    config = serving.create_config(aws, model)
    aws.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    during = aws.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert during["PendingDeploymentSummary"]["EndpointConfigName"] == config
    assert during["EndpointConfigName"] == before["EndpointConfigName"]
    after = serving.settled(aws, endpoint)
    assert after["EndpointConfigName"] == config
    assert "PendingDeploymentSummary" not in after


def test_callers_do_not_notice_an_update(aws: Aws, model: str) -> None:
    """Whoever calls while another model takes the place gets a prediction, of either."""
    endpoint = serving.create_endpoint(aws, model)
    ended = threading.Event()

    def call() -> int:
        count = 0
        while not ended.is_set():
            assert float(serving.invoke(aws, endpoint, CSV.splitlines()[0])["Body"])
            count += 1
        return count

    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(call) for _ in range(3)]
        try:
            for _ in range(3):
                config = serving.create_config(aws, model)
                aws.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)
                serving.settled(aws, endpoint)
        finally:
            ended.set()
        assert all(each.result() for each in calls)


@pytest.mark.parametrize(
    ("excluded", "weight", "count"),
    [([], 3, 5), (["DesiredWeight"], 1, 5), (["DesiredInstanceCount"], 3, 1)],
)
def test_an_update_retains_what_it_is_asked_to(
    aws: Aws, model: str, excluded: list[str], weight: float, count: int
) -> None:
    """Weight and instance count each for itself; what is excluded is the configuration's."""
    endpoint = serving.create_endpoint(aws, model)
    desired = {"VariantName": "variant-0", "DesiredWeight": 3, "DesiredInstanceCount": 5}
    aws.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint, DesiredWeightsAndCapacities=[desired]
    )
    aws.sagemaker.update_endpoint(
        EndpointName=endpoint,
        EndpointConfigName=serving.create_config(aws, model),
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": each} for each in excluded],
    )
    (variant,) = serving.settled(aws, endpoint)["ProductionVariants"]
    assert (variant["CurrentWeight"], variant["CurrentInstanceCount"]) == (weight, count)


@pytest.mark.parametrize("booster", ["gblinear", "dart"])
def test_other_boosters(aws: Aws, bucket: str, booster: str) -> None:
    trained = xgboost.train({"booster": booster}, xgboost.DMatrix(ROWS, ROWS[:, 0]), 3)
    content = serving.archive(**{"xgboost-model": bytes(trained.save_raw())})
    uri = serving.put(aws, bucket, content)
    endpoint = serving.create_endpoint(aws, serving.create_model(aws, uri))
    answer = serving.invoke(aws, endpoint, CSV, Accept="application/json")["Body"]
    scores = [each["score"] for each in json.loads(answer)["predictions"]]
    assert scores == pytest.approx(trained.predict(xgboost.DMatrix(ROWS)).tolist())


@pytest.mark.parametrize(
    ("version", "csv"),
    [
        ("0.90-2", "[A],[B]"),
        ("1.0-1-cpu-py3", "[A],[B]"),
        ("1.2-1", "[A],[B]"),
        ("1.2-2", "A\nB\n"),
        ("1.7-1", "A\nB\n"),
    ],
)
def test_classes_in_csv(aws: Aws, bucket: str, version: str, csv: str) -> None:
    """Up to version 1.2-1 the container has one line for all rows, then a line for each."""
    labels = np.arange(len(ROWS)) % 3
    parameters = {"objective": "multi:softprob", "num_class": 3}
    trained = xgboost.train(parameters, xgboost.DMatrix(ROWS, labels), 2)
    content = serving.archive(**{"xgboost-model": bytes(trained.save_raw())})
    image = f"{IMAGE.rpartition(':')[0]}:{version}"
    model = serving.create_model(aws, serving.put(aws, bucket, content), image=image)
    answer = serving.invoke(aws, serving.create_endpoint(aws, model), "\n".join(CSV.split()[:2]))
    classes = trained.predict(xgboost.DMatrix(ROWS[:2])).tolist()
    separator = ", " if "[" in csv else ","
    for letter, row in zip("AB", classes, strict=True):
        csv = csv.replace(letter, separator.join(map(str, row)))
    assert answer["Body"] == csv


def test_an_environment_that_changes_answers(aws: Aws, uri: str) -> None:
    """A model whose script or output selection would be ignored is not served."""
    model = serving.unique("model")
    environment = {"SAGEMAKER_INFERENCE_OUTPUT": "probabilities"}
    container = {"Image": IMAGE, "ModelDataUrl": uri, "Environment": environment}
    aws.sagemaker.create_model(
        ModelName=model, ExecutionRoleArn=serving.ROLE, PrimaryContainer=container
    )
    endpoint = serving.create_endpoint(aws, model)
    described = aws.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointStatus"] == "Failed"
    assert "SAGEMAKER_INFERENCE_OUTPUT" in described["FailureReason"]


@pytest.mark.parametrize(
    ("method", "members"),
    [
        ("invoke_endpoint_async", {"InputLocation": "s3://bucket/key"}),
        ("invoke_endpoint_with_response_stream", {"Body": b"1"}),
    ],
)
def test_other_kinds_of_invocation_are_refused(
    aws: Aws, in_service: str, method: str, members: Document
) -> None:
    """Rather than answered with something made up."""
    call = getattr(aws.client("sagemaker-runtime"), method)
    with pytest.raises(botocore.exceptions.ClientError, match="does not implement") as caught:
        call(EndpointName=in_service, **members)
    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"


def test_names(aws: Aws, model: str, in_service: str) -> None:
    """Taken and unknown names get AWS's words, whichever case they are in."""
    sagemaker = aws.sagemaker
    config = serving.create_config(aws, model)
    for call, words in (
        (
            lambda: sagemaker.create_endpoint(
                EndpointName=in_service.upper(), EndpointConfigName=config
            ),
            "Cannot create already existing endpoint",
        ),
        (
            lambda: sagemaker.create_endpoint(EndpointName="new", EndpointConfigName="none"),
            "Could not find endpoint configuration",
        ),
        (lambda: sagemaker.describe_endpoint(EndpointName="none"), "Could not find endpoint"),
        (lambda: sagemaker.delete_endpoint(EndpointName="none"), "Could not find endpoint"),
        (lambda: sagemaker.delete_model(ModelName="none"), "Could not find model"),
        (lambda: serving.create_config(aws, "none"), "Could not find model"),
    ):
        with pytest.raises(botocore.exceptions.ClientError, match=words) as caught:
            call()
        assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_lists_and_tags(aws: Aws, model: str) -> None:
    """Endpoints are listed by status and name; their tags are gone with them."""
    name = serving.unique("listed")
    arn = aws.sagemaker.create_endpoint(
        EndpointName=name,
        EndpointConfigName=serving.create_config(aws, model),
        Tags=[{"Key": "team", "Value": "retraining"}],
    )["EndpointArn"]
    serving.settled(aws, name)
    aws.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "stage", "Value": "test"}])
    keys = [tag["Key"] for tag in aws.sagemaker.list_tags(ResourceArn=arn)["Tags"]]
    assert keys == ["stage", "team"]
    found = aws.sagemaker.list_endpoints(StatusEquals="InService", NameContains=name)["Endpoints"]
    assert [each["EndpointName"] for each in found] == [name]
    aws.sagemaker.delete_endpoint(EndpointName=name)
    assert not aws.sagemaker.list_endpoints(NameContains=name)["Endpoints"]
    with pytest.raises(botocore.exceptions.ClientError, match="Could not find endpoint"):
        aws.sagemaker.list_tags(ResourceArn=arn)


def test_endpoints_outlive_the_process(start_endpoint: StartEndpoint, tmp_path: Path) -> None:
    """Killed and started again over the same data, the endpoint predicts what it did."""
    aws, process = start_endpoint("--data-dir", str(tmp_path / "data"))
    job = aws.run(example(aws.upload(rows(400, seed=1), rows(200, seed=2))))
    model = serving.create_model(aws, serving.artifact_of(aws, job))
    endpoint = serving.create_endpoint(aws, model)
    before = serving.invoke(aws, endpoint, CSV)["Body"]
    started = processes.descendants(process.pid)
    assert started
    process.kill()
    process.wait()
    processes.wait_until_gone(started)
    again, _ = start_endpoint("--data-dir", str(tmp_path / "data"))
    assert again.sagemaker.describe_model(ModelName=model)["ModelName"] == model
    assert serving.settled(again, endpoint)["EndpointStatus"] == "InService"
    assert serving.invoke(again, endpoint, CSV)["Body"] == before
