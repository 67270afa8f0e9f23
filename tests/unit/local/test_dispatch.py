"""Random requests: never a failure of the endpoint, and what is accepted can be run."""

import base64
import copy
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from moto.backends import get_backend
from werkzeug.test import Client

from sagemaker_tuning.local.api import OPERATIONS, TAG_OPERATIONS
from sagemaker_tuning.local.definition import definitions
from sagemaker_tuning.local.faults.faults import Faults
from sagemaker_tuning.local.http.dispatch import Dispatcher
from sagemaker_tuning.local.http.hosts import AllowedHosts
from sagemaker_tuning.local.logs import LogShipper
from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.search.tuning import search_of
from sagemaker_tuning.local.serving.live_endpoints import LiveEndpoints
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.transform.live_transform_jobs import LiveTransformJobs
from sagemaker_tuning.local.wire import Document
from tests.unit.local.modelled import requests

BUCKET = "dispatch-test"


class AskedOnly:
    """Live jobs that ask their search once instead of running."""

    def start(self, _region: str, request: Document, _progress: Document) -> None:
        config = request["HyperParameterTuningJobConfig"]
        for definition in definitions(request):
            searched = search_of(definition, config)
            assert all(isinstance(value, str) for value in searched.ask().values())

    def stop(self, _region: str, _name: str) -> bool:
        return True

    def count(self) -> int:
        return 0


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    backend = get_backend("s3")[ACCOUNT_ID]["aws"]
    backend.create_bucket(BUCKET, "us-east-1")
    backend.put_object(BUCKET, "train/data.csv", b"1,2")
    store = Store(Path(tmp_path_factory.mktemp("store")) / "jobs.sqlite")
    transform_jobs = LiveTransformJobs(store, LogShipper(), tmp_path_factory.mktemp("files"))
    yield Client(
        Dispatcher(
            store,
            AskedOnly(),  # type: ignore[arg-type]
            AllowedHosts("127.0.0.1", remote=False),
            lambda environ, _start_response: pytest.fail(f"reached moto: {environ}"),
            faults=Faults(),
            endpoints=LiveEndpoints(store),
            transform_jobs=transform_jobs,
        )
    )
    transform_jobs.close()
    store.close()


def call(client: Client, operation: str, body: bytes) -> tuple[int, Document]:
    response = client.post(
        "/", data=body, headers={"X-Amz-Target": f"SageMaker.{operation}", "Host": "127.0.0.1"}
    )
    return response.status_code, json.loads(response.data or b"{}")


def valid() -> Document:
    return {
        "HyperParameterTuningJobName": f"job-{uuid.uuid4().hex[:12]}",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {
                "Type": "Maximize",
                "MetricName": "validation:auc",
            },
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1},
            "ParameterRanges": {
                "ContinuousParameterRanges": [
                    {
                        "Name": "eta",
                        "MinValue": "0.1",
                        "MaxValue": "0.5",
                        "ScalingType": "Logarithmic",
                    }
                ],
                "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "1", "MaxValue": "9"}],
                "CategoricalParameterRanges": [
                    {"Name": "tree_method", "Values": ["hist", "exact"]}
                ],
            },
            "RandomSeed": 1,
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/xgboost:1",
                "TrainingInputMode": "File",
            },
            "RoleArn": "arn:aws:iam::123456789012:role/sagemaker",
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {
                        "S3DataSource": {
                            "S3DataType": "S3Prefix",
                            "S3Uri": f"s3://{BUCKET}/train",
                        }
                    },
                }
            ],
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/output"},
            "ResourceConfig": {
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 1,
            },
            "StaticHyperParameters": {"num_round": "1"},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            "Environment": {"STAGE": "test"},
        },
        "Tags": [{"Key": "team", "Value": "retraining"}],
    }


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["0", "-1", "1e308", "-1e308", "9" * 40, "Auto", "s3://", "s3://b/../x"]),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=6,
)


def places(document: Any) -> list[tuple[Any, Any]]:
    """Every container in a document, with each of its keys."""
    keys: list[Any] = []
    if isinstance(document, dict):
        keys = list(document)
    elif isinstance(document, list):
        keys = list(range(len(document)))
    below = [place for key in keys for place in places(document[key])]
    return [(document, key) for key in keys] + below


def test_the_unchanged_request_is_accepted(client: Client) -> None:
    """Otherwise the changes below would prove nothing."""
    status, answer = call(client, "CreateHyperParameterTuningJob", json.dumps(valid()).encode())
    assert (status, list(answer)) == (200, ["HyperParameterTuningJobArn"])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_changed_request_is_accepted_and_runs_or_is_refused_by_name(
    client: Client, data: st.DataObject
) -> None:
    """Any value anywhere, or one left out: 200, or 400 with a message that names what is wrong."""
    request = copy.deepcopy(valid())
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(request)))
        if data.draw(st.booleans()):
            container[key] = data.draw(json_values)
        else:
            del container[key]
        if not request:
            break
    status, answer = call(client, "CreateHyperParameterTuningJob", json.dumps(request).encode())
    if status != 200:
        assert status == 400
        assert answer["__type"] in {
            "ValidationException",
            "SerializationException",
            "ResourceInUse",
        }
        assert answer["message"]


def paths(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in a document."""
    keys: list[Any] = []
    if isinstance(document, dict):
        keys = list(document)
    elif isinstance(document, list):
        keys = list(range(len(document)))
    below = [found for key in keys for found in paths(document[key], (*path, key))]
    return [(*path, key) for key in keys] + below


IN_OTHER_WORDS = (
    "You don't have enough combinations of hyperparameter ranges.",
    "No S3 objects found under S3 URL",
    "The objective metric",
)
"""AWS's own, which name no field."""

LEFT_OUT = object()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(paths(valid())), value=json_values | st.just(LEFT_OUT))
def test_a_refusal_names_the_field_that_is_wrong(
    client: Client, path: tuple[Any, ...], value: Any
) -> None:
    """Whichever single field has whatever value, or is missing; or the value that is refused."""
    request = valid()
    container: Any = request
    for key in path[:-1]:
        container = container[key]
    if value is LEFT_OUT:
        del container[path[-1]]
    else:
        container[path[-1]] = value
    status, answer = call(client, "CreateHyperParameterTuningJob", json.dumps(request).encode())
    if status == 200 or answer["message"].startswith(IN_OTHER_WORDS):
        return
    assert status == 400
    # Some messages say "parameter ranges", or "a value" of several.
    message = answer["message"].lower().replace(" ", "")
    fields = [key.lower().rstrip("s") for key in path if isinstance(key, str)][-2:]
    assert any(field in message for field in fields), answer["message"]


numbers = st.integers(-(10**400), 10**400) | st.floats()
texts = st.text(st.characters(codec=None, exclude_categories=[]), max_size=3)


def token(content: Any) -> str:
    """Any JSON in the form of a NextToken."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


@settings(max_examples=300, deadline=None)
@given(
    operation=st.sampled_from(sorted(name for name in OPERATIONS if name.startswith("List"))),
    content=st.tuples(numbers | texts | json_values, texts | json_values) | json_values,
)
@example(operation="ListTrainingJobs", content=(10**30, "x"))
@example(operation="ListTrainingJobs", content=("\ud800", "x"))
@example(operation="ListTrainingJobs", content=(1.5, "\ud800"))
def test_any_token_gets_an_answer_or_is_refused(
    client: Client, operation: str, content: Any
) -> None:
    """A token that no page gave is refused by name, or leads somewhere in the list."""
    request = {"NextToken": token(content)}
    if operation == "ListTrainingJobsForHyperParameterTuningJob":
        request["HyperParameterTuningJobName"] = "job"
    status, answer = call(client, operation, json.dumps(request).encode())
    assert status == 200 or (status == 400 and answer["message"])


@pytest.mark.parametrize("content", [(10**30, "x"), (True, "x"), (1.5, 2), ("\ud800", "x"), [1.5]])
def test_a_token_that_no_page_gave_is_refused(client: Client, content: Any) -> None:
    """It is neither an error of the endpoint nor taken for the first page."""
    body = json.dumps({"NextToken": token(content)}).encode()
    status, answer = call(client, "ListTrainingJobs", body)
    assert (status, answer["__type"]) == (400, "ValidationException")
    assert "Invalid NextToken" in answer["message"]


@pytest.mark.parametrize("moment", [10**30, -(10**400), 1e300])
def test_a_list_takes_any_moment(client: Client, moment: float) -> None:
    """However far away."""
    body = json.dumps({"CreationTimeAfter": moment}).encode()
    assert call(client, "ListTrainingJobs", body)[0] == 200


@settings(max_examples=300, deadline=None)
@given(
    operation=st.sampled_from(sorted(OPERATIONS)),
    body=st.binary(max_size=40)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(
        st.sampled_from(
            ["HyperParameterTuningJobName", "NextToken", "MaxResults", "SortBy", "NameContains"]
        ),
        json_values,
    ).map(lambda value: json.dumps(value).encode()),
)
def test_any_body_gets_an_answer_or_an_aws_error(
    client: Client, operation: str, body: bytes
) -> None:
    """Whatever is sent to whichever operation."""
    status, answer = call(client, operation, body)
    assert status == 200 or (status == 400 and answer["message"])


NAMES = ["job", "JOB", "nobody", "job-001-0123abcd", "arn:aws:sagemaker:us-east-1:1:x/y"]
ARNS = [
    f"arn:aws:sagemaker:us-east-1:{ACCOUNT_ID}:{kind}/{name}"
    for kind in ("hyper-parameter-tuning-job", "training-job", "model", "endpoint")
    for name in ("job", "nobody")
]
plausible = st.sampled_from([*NAMES, *ARNS, f"s3://{BUCKET}/train", "5", "0.5"]) | st.text(
    max_size=8
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_modelled_request_gets_an_answer_or_an_aws_error(
    client: Client, data: st.DataObject
) -> None:
    """Right by the types, so that it reaches the operation, and about resources that may exist."""
    operation = data.draw(st.sampled_from(sorted({*OPERATIONS, *TAG_OPERATIONS})))
    request = data.draw(requests(operation, plausible))
    if operation in TAG_OPERATIONS:
        request["ResourceArn"] = data.draw(st.sampled_from(ARNS[:4]))
    status, answer = call(client, operation, json.dumps(request).encode())
    assert status == 200 or (400 <= status < 500 and answer["message"])


def test_what_comes_during_the_end_is_refused_and_not_stored(tmp_path: Path) -> None:
    """With an error that clients repeat, in the form that each service has."""
    store = Store(tmp_path / "jobs.sqlite")
    dispatcher = Dispatcher(
        store,
        AskedOnly(),  # type: ignore[arg-type]
        AllowedHosts("127.0.0.1", remote=False),
        lambda environ, _start_response: pytest.fail(f"reached moto: {environ}"),
        faults=Faults(),
        endpoints=LiveEndpoints(store),
        transform_jobs=LiveTransformJobs(store, LogShipper(), tmp_path),
    )
    client = Client(dispatcher)
    dispatcher.close()
    status, answer = call(client, "CreateHyperParameterTuningJob", json.dumps(valid()).encode())
    assert (status, answer["__type"]) == (503, "ServiceUnavailable")
    assert store.unfinished_tuning_jobs() == []
    of_s3 = client.get("/bucket/key", headers={"Host": "127.0.0.1"})
    assert (of_s3.status_code, of_s3.text[:13]) == (503, "<Error><Code>")
    store.close()
