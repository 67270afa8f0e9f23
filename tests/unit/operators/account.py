"""An AWS account with what the gate touches: packages, models, transform jobs, objects."""

from __future__ import annotations

import io
from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from sagemaker_tuning.hooks.registry import SageMakerRegistryHook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Document = dict[str, Any]
BUCKET = "bucket"
GROUP_ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn"
LABELS = (1, 0, 1, 0)
GOOD = (0.9, 0.1, 0.8, 0.2)
BAD = (0.9, 0.8, 0.7, 0.2)
_DELETES = frozenset({"delete_objects", "delete_model"})


class Crash(BaseException):
    """The worker is gone."""


def refusal(code: str, message: str = "said") -> ClientError:
    """Give an error as botocore raises it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


class Account:
    """Answers as boto3's clients do, and counts.

    Attributes:
        predictions: What a version of the group predicts; None has its transform job fail.
        crash_at: Which call is the worker's last; whether it is carried out is the fraction.
        refusals: What calls, by name, raise instead of an answer, one after the other.
        beside: Another number for each row, which all versions predict beside the first.
    """

    def __init__(self, champion: tuple[float, ...] | None, challenger: tuple[float, ...]) -> None:
        self.predictions: dict[int, tuple[float, ...] | None] = {2: challenger}
        self.packages = {2: _package(2, "PendingManualApproval")}
        if champion is not None:
            self.predictions[1] = champion
            self.packages[1] = _package(1, "Approved")
        self.objects: dict[str, bytes] = {"test/0.csv": _rows(LABELS)}
        self.models: dict[str, Document] = {}
        self.jobs: dict[str, Document] = {}
        self.tags: dict[str, Document] = {}
        self.looks_until_done = 2
        self.beside: tuple[float, ...] | None = None
        self.most_live: Counter[str] = Counter()
        self.calls: list[str] = []
        self.crash_at: float | None = None
        self.refusals: dict[str, list[Exception]] = {}
        self.meta = SimpleNamespace(region_name="us-east-1", endpoint_url="http://127.0.0.1")
        self.hook = _Hook(self)

    def __getattr__(self, name: str) -> Callable[..., Document]:
        """Give a call of a client's."""
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda **request: self._called(name, request)

    def get_paginator(self, name: str) -> Any:
        return SimpleNamespace(paginate=lambda **request: iter([self._called(name, request)]))

    @property
    def has_deleted(self) -> bool:
        return bool(_DELETES.intersection(self.calls))

    @property
    def outputs(self) -> list[str]:
        return [key for key in self.objects if key.startswith("gate/")]

    def live_jobs(self) -> list[str]:
        return [
            name for name, job in self.jobs.items() if job["TransformJobStatus"] == "InProgress"
        ]

    def end_live_jobs(self, status: str) -> None:
        for name in self.live_jobs():
            self.jobs[name]["TransformJobStatus"] = status

    def _called(self, name: str, request: Document) -> Document:
        place = len(self.calls)
        self.calls.append(name)
        if self.crash_at == place:
            raise Crash
        if self.refusals.get(name):
            raise self.refusals[name].pop(0)
        try:
            answer: Document = getattr(self, f"_{name}")(**request)
        finally:
            if self.crash_at == place + 0.5:
                raise Crash
        return {**answer, "ResponseMetadata": {}}

    def _describe_model_package(self, *, ModelPackageName: str) -> Document:  # noqa: N803 -- boto3's
        return dict(self.packages[int(ModelPackageName.rpartition("/")[2])])

    def _list_model_packages(self, *, ModelApprovalStatus: str, **_: Any) -> Document:  # noqa: N803 -- boto3's
        found = [
            package
            for package in self.packages.values()
            if package["ModelApprovalStatus"] == ModelApprovalStatus
        ]
        return {"ModelPackageSummaryList": found}

    def _update_model_package(self, *, ModelPackageArn: str, **changes: str) -> Document:  # noqa: N803 -- boto3's
        self.packages[int(ModelPackageArn.rpartition("/")[2])].update(changes)
        return {}

    def _create_model(self, **request: Any) -> Document:
        name = request["ModelName"]
        if name in self.models:
            raise refusal("ValidationException", "Cannot create already existing model")
        arn = f"arn:model/{name}"
        self.tags[arn] = {tag["Key"]: tag["Value"] for tag in request.pop("Tags")}
        self.models[name] = {**request, "ModelArn": arn}
        return {"ModelArn": arn}

    def _describe_model(self, *, ModelName: str) -> Document:  # noqa: N803 -- boto3's
        if ModelName not in self.models:
            raise refusal("ValidationException", "Could not find model")
        return self.models[ModelName]

    def _delete_model(self, *, ModelName: str) -> Document:  # noqa: N803 -- boto3's
        del self.models[ModelName]
        return {}

    def _list_models(self, *, NameContains: str) -> Document:  # noqa: N803 -- boto3's
        return {"Models": [{"ModelName": name} for name in self.models if NameContains in name]}

    def _create_transform_job(self, **request: Any) -> Document:
        name = request["TransformJobName"]
        if name in self.jobs:
            raise refusal("ResourceInUse")
        assert request["ModelName"] in self.models
        arn = f"arn:transform-job/{name}"
        self.tags[arn] = {tag["Key"]: tag["Value"] for tag in request.pop("Tags")}
        self.jobs[name] = {
            **request,
            "TransformJobArn": arn,
            "TransformJobStatus": "InProgress",
            "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
            "looks": 0,
        }
        live = Counter(self.jobs[each]["ModelName"] for each in self.live_jobs())
        self.most_live |= live
        return {"TransformJobArn": arn}

    def _describe_transform_job(self, *, TransformJobName: str) -> Document:  # noqa: N803 -- boto3's
        if TransformJobName not in self.jobs:
            raise refusal("ResourceNotFound")
        job = self.jobs[TransformJobName]
        job["looks"] += 1
        if job["TransformJobStatus"] == "InProgress" and job["looks"] > self.looks_until_done:
            self._finish(job)
        return dict(job)

    def _finish(self, job: Document) -> None:
        predictions = self.predictions[int(job["ModelName"].split("-v")[1].split("-")[0])]
        if predictions is None:
            job |= {"TransformJobStatus": "Failed", "FailureReason": "ClientError: no artifact"}
            return
        job["TransformJobStatus"] = "Completed"
        folder = job["TransformOutput"]["S3OutputPath"].removeprefix(f"s3://{BUCKET}/")
        columns = (
            (LABELS, predictions) if self.beside is None else (LABELS, self.beside, predictions)
        )
        self.objects[f"{folder}/0.csv.out"] = _rows(*columns)

    def _stop_transform_job(self, *, TransformJobName: str) -> Document:  # noqa: N803 -- boto3's
        self.jobs[TransformJobName]["TransformJobStatus"] = "Stopped"
        return {}

    def _list_transform_jobs(self, *, NameContains: str, StatusEquals: str = "") -> Document:  # noqa: N803 -- boto3's
        found = [
            {"TransformJobName": name}
            for name, job in self.jobs.items()
            if NameContains in name and StatusEquals in {"", job["TransformJobStatus"]}
        ]
        return {"TransformJobSummaries": found}

    def _list_tags(self, *, ResourceArn: str) -> Document:  # noqa: N803 -- boto3's
        return {"Tags": [{"Key": k, "Value": v} for k, v in self.tags[ResourceArn].items()]}

    def _list_objects_v2(self, *, Bucket: str, Prefix: str) -> Document:  # noqa: N803 -- boto3's
        assert Bucket == BUCKET
        return {
            "Contents": [
                {"Key": key, "Size": len(body), "ETag": str(hash(body))}
                for key, body in sorted(self.objects.items())
                if key.startswith(Prefix)
            ]
        }

    def _get_object(self, *, Bucket: str, Key: str) -> Document:  # noqa: N803 -- boto3's
        assert Bucket == BUCKET
        body = self.objects[Key]
        return {"Body": StreamingBody(io.BytesIO(body), len(body))}

    def _delete_objects(self, *, Bucket: str, Delete: Document) -> Document:  # noqa: N803 -- boto3's
        assert Bucket == BUCKET
        for item in Delete["Objects"]:
            del self.objects[item["Key"]]
        return {}

    def _describe_log_streams(self, *, logStreamNamePrefix: str, **_: Any) -> Document:  # noqa: N803 -- boto3's
        names = (f"{logStreamNamePrefix}i-0-1", f"{logStreamNamePrefix}i-0-1/data-log")
        return {"logStreams": [{"logStreamName": name} for name in names]}

    def _get_log_events(self, *, logStreamName: str, **_: Any) -> Document:  # noqa: N803 -- boto3's
        said = "bad data" if logStreamName.endswith("/data-log") else "traceback"
        events = [{"timestamp": len(logStreamName), "message": said}]
        return {"events": events, "nextBackwardToken": "end"}


class _Hook(SageMakerRegistryHook):
    """The real hook, with an account behind it."""

    def __init__(self, account: Account) -> None:
        super().__init__(aws_conn_id=None, region_name="us-east-1")
        self.account = account

    @property
    def conn(self) -> Any:
        return self.account

    def get_session(self, region_name: str | None = None, deferrable: bool = False) -> Any:  # noqa: ARG002, FBT001, FBT002 -- the amazon hook's
        return SimpleNamespace(client=lambda *_, **__: self.account)


def _package(version: int, approval: str) -> Document:
    return {
        "ModelPackageArn": f"{GROUP_ARN}/{version}",
        "ModelPackageGroupName": "churn",
        "ModelPackageVersion": version,
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": approval,
        "CreationTime": datetime(2026, 1, version, tzinfo=UTC),
        "InferenceSpecification": {
            "Containers": [{"Image": "image", "ModelDataUrl": f"s3://{BUCKET}/{version}.tar.gz"}]
        },
        "CustomerMetadataProperties": {
            "sagemaker-tuning:objective_metric": "validation:auc",
            "sagemaker-tuning:objective_type": "Maximize",
        },
    }


def _rows(*columns: tuple[float, ...]) -> bytes:
    return "".join(_lines(columns)).encode()


def _lines(columns: tuple[tuple[float, ...], ...]) -> Iterator[str]:
    for row in zip(*columns, strict=True):
        yield ",".join(map(str, row)) + "\n"
