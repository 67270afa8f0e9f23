"""From a training job to a version in the model registry, against the local endpoint."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ClassVar, cast

import pytest
from airflow.sdk import Asset
from airflow.sdk.execution_time.context import OutletEventAccessors

from sagemaker_tuning._compat import AirflowFailException
from sagemaker_tuning.core.errors import (
    InvalidTuningRequest,
    SageMakerTuningError,
    TuningJobNotFound,
)
from sagemaker_tuning.core.model_packages import objective_of
from sagemaker_tuning.hooks.registry import SageMakerRegistryHook
from sagemaker_tuning.operators.model_package import (
    SageMakerDeleteModelPackageOperator,
    SageMakerRegisterModelPackageOperator,
    SageMakerUpdateModelPackageOperator,
)
from tests.contract import serving
from tests.contract.examples import DEFINITION, changed, example
from tests.operators.task import FakeTaskInstance, context

if TYPE_CHECKING:
    from airflow.sdk import Context

    from tests.conftest import Faults
    from tests.contract.aws import Aws, Document


@pytest.fixture
def best(completed: Document) -> str:
    return str(completed["BestTrainingJob"]["TrainingJobName"])


@pytest.fixture
def group() -> str:
    return serving.unique("group")


def _register(training_job: str, group: str, **arguments: Any) -> Any:
    given = {"content_types": ["text/csv"], "response_types": ["text/csv"]}
    return SageMakerRegisterModelPackageOperator(
        task_id="register",
        training_job_name=training_job,
        model_package_group_name=group,
        deferrable=False,
        poll_interval=0.1,
        **(given | arguments),
    )


def _versions(aws: Aws, group: str) -> list[int]:
    answer = aws.sagemaker.list_model_packages(ModelPackageGroupName=group, MaxResults=100)
    return sorted(each["ModelPackageVersion"] for each in answer["ModelPackageSummaryList"])


def test_a_version_says_what_it_is_of(aws: Aws, completed: Document, best: str, group: str) -> None:
    """The group is made; content types, metrics, lineage and the user's own fields are there."""
    operator = _register(
        best,
        group,
        content_types='["text/csv", "text/libsvm"]',
        response_types="application/json",
        transform_instance_types=["ml.m5.large"],
        environment={"WORKERS": 2},
        description="weekly\nretraining",
        additional_fields={"CustomerMetadataProperties": {"team": "retraining"}},
    )
    result = operator.execute(context(FakeTaskInstance(run_id="manual__2026-01-01")))
    json.dumps(result)  # it goes to XCom
    package = aws.sagemaker.describe_model_package(ModelPackageName=result["ModelPackageArn"])
    specification = package["InferenceSpecification"]
    assert specification["SupportedContentTypes"] == ["text/csv", "text/libsvm"]
    assert specification["SupportedResponseMIMETypes"] == ["application/json"]
    assert specification["SupportedTransformInstanceTypes"] == ["ml.m5.large"]
    (container,) = specification["Containers"]
    assert container["ModelDataUrl"] == serving.artifact_of(aws, completed)
    assert container["Environment"] == {"WORKERS": "2"}
    assert package["ModelPackageDescription"] == "weekly retraining"
    metadata = package["CustomerMetadataProperties"]
    assert metadata["team"] == "retraining"
    assert metadata["sagemaker-tuning:run_id"] == "manual__2026-01-01"
    assert metadata["sagemaker-tuning:tuning_job"] == completed["HyperParameterTuningJobArn"]
    final = completed["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    assert result == {
        "ModelPackageArn": package["ModelPackageArn"],
        "ModelPackageVersion": 1,
        "ModelPackageGroupName": group,
        "ModelApprovalStatus": "PendingManualApproval",
        "TrainingJobName": best,
        "Objective": {"MetricName": "validation:auc", "Type": "Maximize", "Value": final},
    }
    objective = objective_of(package)
    assert objective is not None
    assert objective.value == final
    report = package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]
    assert f"/{best}/" in report
    metrics = json.loads(aws.read(report))["training_job_metrics"]
    assert metrics["validation:auc"]["value"] == final


def test_a_training_job_is_registered_once(aws: Aws, best: str, group: str) -> None:
    """A retry, a Clear, an edited task and another run find the version, whatever it is by now."""
    ti = FakeTaskInstance()
    first = _register(best, group).execute(context(ti))
    arn = first["ModelPackageArn"]
    aws.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    later = FakeTaskInstance(run_id=ti.run_id, try_number=2)
    expected = {**first, "ModelApprovalStatus": "Approved"}
    assert _register(best, group).execute(context(later)) == expected
    assert _register(best, group, content_types=["text/libsvm"]).execute(context()) == expected
    assert _versions(aws, group) == [1]


def test_a_version_that_was_edited_since_is_told(
    caplog: pytest.LogCaptureFixture, best: str, group: str
) -> None:
    """Nothing that the user gave is ignored in silence."""
    _register(best, group).execute(context())
    assert "registered with other values" not in caplog.text
    _register(best, group, content_types=["text/libsvm"]).execute(context())
    assert "other values of InferenceSpecification.SupportedContentTypes" in caplog.text


def test_runs_that_race_make_one_version(aws: Aws, best: str, group: str) -> None:
    """Of a group that none of them finds; the token decides where a look comes too early."""
    with ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(_register(best, group).execute, context()) for _ in range(4)]
        arns = {task.result()["ModelPackageArn"] for task in tasks}
    assert len(arns) == 1
    assert _versions(aws, group) == [1]


def test_an_answer_that_is_lost_makes_no_second_version(
    aws: Aws, faults: Faults, best: str, group: str
) -> None:
    """Create was carried out, and its connection broke: the version is found."""
    faults.put({"kind": "drop_after", "operation": "CreateModelPackage", "times": 5})
    result = _register(best, group).execute(context())
    assert result["ModelPackageVersion"] == 1
    assert _versions(aws, group) == [1]


def test_a_version_that_was_deleted_is_followed_by_the_next(
    aws: Aws, best: str, group: str
) -> None:
    """Whoever deleted it, the training job may be registered anew."""
    arn = _register(best, group).execute(context())["ModelPackageArn"]
    delete = SageMakerDeleteModelPackageOperator(task_id="delete", model_package_name=arn)
    delete.execute(context())
    assert _register(best, group).execute(context())["ModelPackageVersion"] == 2
    assert _versions(aws, group) == [2]


def test_files_that_were_not_compressed_are_registered_as_a_folder(
    aws: Aws, bucket: str, group: str
) -> None:
    """As the model package's data source, which is what serves them."""
    path = (DEFINITION, "OutputDataConfig", "CompressionType")
    tuning_job = aws.run(changed(example(bucket), *path, value="NONE"))
    name = tuning_job["BestTrainingJob"]["TrainingJobName"]
    arn = _register(name, group).execute(context())["ModelPackageArn"]
    package = aws.sagemaker.describe_model_package(ModelPackageName=arn)
    (container,) = package["InferenceSpecification"]["Containers"]
    assert container["ModelDataSource"]["S3DataSource"]["S3Uri"].endswith(f"/{name}/output/model/")


def test_every_mistake_is_named_before_anything_is_created(aws: Aws, best: str, group: str) -> None:
    """All at once, with no group and no version made."""
    operator = _register(
        best,
        group,
        response_types=["csv"],
        additional_fields={
            "ClientToken": "mine",
            "CustomerMetadataProperties": {f"key-{number}": "x" for number in range(40)},
        },
    )
    with pytest.raises(AirflowFailException) as refused:
        operator.execute(context())
    assert isinstance(refused.value.__cause__, InvalidTuningRequest)
    assert {violation.path for violation in refused.value.__cause__.violations} == {
        "additional_fields.ClientToken",
        "CustomerMetadataProperties",
        "InferenceSpecification.SupportedResponseMIMETypes[0]",
    }
    groups = aws.sagemaker.list_model_package_groups(NameContains=group)
    assert not groups["ModelPackageGroupSummaryList"]


@pytest.mark.parametrize("given", [[], "", [1], {"a": "b"}])
def test_content_types_are_texts(best: str, group: str, given: Any) -> None:
    """What a template rendered to may be anything."""
    with pytest.raises(AirflowFailException, match="content_types: "):
        _register(best, group, content_types=given).execute(context())


def test_what_was_never_trained_is_no_package(group: str) -> None:
    """An error that a retry may heal: a name may come from elsewhere, before its time."""
    with pytest.raises(TuningJobNotFound):
        _register("no-such-training-job", group).execute(context())


def test_assets_hear_of_the_version(best: str, group: str) -> None:
    """Which it is, what it is of and how good."""
    asset = Asset("model")
    events = OutletEventAccessors()
    given = cast("Context", {"ti": FakeTaskInstance(), "outlet_events": events})
    result = _register(best, group, outlets=[asset]).execute(given)
    extra: dict[str, Any] = events[asset].extra
    assert extra["ModelPackageArn"] == result["ModelPackageArn"]
    assert extra["TrainingJobName"] == best
    metric = extra["FinalHyperParameterTuningJobObjectiveMetric"]
    assert metric["MetricName"] == "validation:auc"


class Validating(SageMakerRegistryHook):
    """A registry that takes its time: each version is InProgress when it is first seen."""

    outcome: ClassVar[str] = "Completed"
    seen: ClassVar[dict[str, int]] = {}

    def describe_model_package(self, name_or_arn: str) -> dict[str, Any]:
        package = super().describe_model_package(name_or_arn)
        looks = self.seen[name_or_arn] = self.seen.get(name_or_arn, 0) + 1
        details = [{"Name": "validation", "Status": "Failed", "FailureReason": "no artifact"}]
        return package | {
            "ModelPackageStatus": "InProgress" if looks == 1 else self.outcome,
            "ModelPackageStatusDetails": {"ValidationStatuses": details},
        }


class ValidatingAndFailing(Validating):
    """Likewise, and none of them passes."""

    outcome = "Failed"


def test_a_version_that_aws_validates_is_waited_for(aws: Aws, best: str, group: str) -> None:
    """It can be deployed only when it is Completed; nothing is registered twice meanwhile."""
    operator = _register(best, group)
    operator.hook = Validating()
    result = operator.execute(context())
    assert Validating.seen[result["ModelPackageArn"]] == 2
    assert _versions(aws, group) == [1]


def test_a_version_that_fails_is_an_error_of_its_try(aws: Aws, best: str, group: str) -> None:
    """With AWS's reason; each further try makes one further version, and no more."""
    for number in (1, 2):
        operator = _register(best, group)
        operator.hook = ValidatingAndFailing()
        with pytest.raises(SageMakerTuningError, match=r"is Failed: validation: no artifact"):
            operator.execute(context(FakeTaskInstance(run_id="run", try_number=number)))
        assert _versions(aws, group) == list(range(1, number + 1))


def _approve(arn: str, status: str = "Approved", **arguments: Any) -> Any:
    return SageMakerUpdateModelPackageOperator(
        task_id="approve", model_package_name=arn, approval_status=status, **arguments
    )


def test_the_champion_is_the_newest_approved(aws: Aws, completed: Document, group: str) -> None:
    """None without a group or an approved version; a rejected one is champion no more."""
    hook = SageMakerRegistryHook()
    assert hook.find_champion(group) is None
    names = [
        each["TrainingJobName"]
        for each in aws.training_jobs(completed["HyperParameterTuningJobName"])
    ][:3]
    arns = [_register(name, group).execute(context())["ModelPackageArn"] for name in names]
    assert hook.find_champion(group) is None
    for arn in arns[:2]:
        assert _approve(arn).execute(context())["ModelApprovalStatus"] == "Approved"
    champion = hook.find_champion(group)
    assert champion is not None
    assert champion["ModelPackageArn"] == arns[1]
    _approve(arns[1], "Rejected").execute(context())
    champion = hook.find_champion(group)
    assert champion is not None
    assert champion["ModelPackageArn"] == arns[0]


def test_an_approval_says_why_and_is_made_once(aws: Aws, best: str, group: str) -> None:
    """A long reason is cut where AWS's limit is; what is so already is not called for."""
    arn = _register(best, group).execute(context())["ModelPackageArn"]
    operator = _approve(arn, approval_description="good\nbecause " + "x" * 2000)
    operator.execute(context())
    package = aws.sagemaker.describe_model_package(ModelPackageName=arn)
    assert package["ApprovalDescription"].startswith("good because xxx")
    assert package["ApprovalDescription"].endswith("x…")
    assert len(package["ApprovalDescription"]) == 1024
    operator.execute(context())
    again = aws.sagemaker.describe_model_package(ModelPackageName=arn)
    assert again["LastModifiedTime"] == package["LastModifiedTime"]


def test_another_status_is_refused_before_a_call() -> None:
    """When the DAG is parsed, or, of a template, when it is rendered."""
    with pytest.raises(ValueError, match="'approved': give one of"):
        _approve("churn", "approved")
    operator = _approve("churn", "{{ params.status }}")
    operator.approval_status = "approved"
    with pytest.raises(AirflowFailException, match="approval_status: 'approved'"):
        operator.execute(context())
    with pytest.raises(TuningJobNotFound):
        _approve("arn:aws:sagemaker:us-east-1:123456789012:model-package/none/1").execute(context())
