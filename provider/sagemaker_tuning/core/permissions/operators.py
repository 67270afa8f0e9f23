"""Which actions each operator, sensor and notifier needs, and on what.

The actions of SageMaker's operations are called as the operations are; which resources they take:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagemaker_tuning.core.permissions.needs import Need, absent, equal, given, need, unless

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DESCRIBE = need("LookAtTuningJobs", "DescribeHyperParameterTuningJob", "tuning-job")
_LIST_TRAINING_JOBS = need(
    "ListTrainingJobs", "ListTrainingJobsForHyperParameterTuningJob", "tuning-job"
)
_DESCRIBE_TRAINING_JOB = need("LookAtTrainingJobs", "DescribeTrainingJob", "training-job")
_LIST_WAITED_FOR = need("OptionalListWaitedFor", "ListHyperParameterTuningJobs", "any")
"""Without it, waits are on Describe alone, and late where there are many."""
_STOP = need("StopTuningJobs", "StopHyperParameterTuningJob", "tuning-job")
_PASS_ROLE = need("PassTrainingRole", "iam:PassRole", "role")
_FIND_ROLE = need("FindRolesByName", "iam:GetRole", "role-by-name")
_EXPLAIN = (
    need("OptionalListFailures", "ListTrainingJobsForHyperParameterTuningJob", "tuning-job"),
    need(
        "OptionalReadLogs", "logs:DescribeLogStreams logs:GetLogEvents", "log-streams:TrainingJobs"
    ),
)
_LOOK_AT_PACKAGES = need("LookAtModelPackages", "DescribeModelPackage", "package")
_LOOK_AT_ENDPOINTS = need("LookAtEndpoints", "DescribeEndpoint", "endpoint")
_LOOK_AT_CONFIGS = need(
    "LookAtEndpointConfigurations", "DescribeEndpointConfig ListTags", "endpoint-config"
)
_LIST_CONFIGS = need("ListEndpointConfigurations", "ListEndpointConfigs", "any")
_LIST_PACKAGES = need("ListModelPackages", "ListModelPackages", "any")
_LOOK_AT_GROUPS = need("LookAtModelPackageGroups", "DescribeModelPackageGroup", "package-group")
_APPROVE = need("ApproveOrRejectModelPackages", "UpdateModelPackage", "package")

_LOOK_AT_LEFTOVERS = (_DESCRIBE, _LIST_TRAINING_JOBS)
_DELETE_ARTIFACTS = (
    need("ListArtifacts", "s3:ListBucket", "output-buckets"),
    need("DeleteArtifacts", "s3:DeleteObject", "outputs"),
)
_DELETE_LOG_STREAMS = need(
    "DeleteLogStreams", "logs:DescribeLogStreams logs:DeleteLogStream", "log-streams:TrainingJobs"
)
_READ_DATA = (
    need("ListData", "s3:ListBucket", "bucket:data").if_(given("data")),
    need("ReadData", "s3:GetObject", "below:data").if_(given("data")),
)


def _create_models(kind: str) -> tuple[Need, ...]:
    return (
        need("CreateModels", "CreateModel DescribeModel", kind),
        need("OptionalTagModels", "AddTags", kind),
        need("TagModels", "AddTags", kind).if_(given("tags")),
        _PASS_ROLE,
        _FIND_ROLE,
    )


def _if_deleting(*needs: Need) -> Iterator[Need]:
    return (each.if_(lambda arguments: arguments.get("is_dry_run") is not True) for each in needs)


OPERATORS: Mapping[str, tuple[Need, ...]] = {
    "SageMakerCreateTuningJobOperator": (
        need("LaunchTuningJobs", "CreateHyperParameterTuningJob", "tuning-job"),
        _DESCRIBE,
        _LIST_WAITED_FOR,
        _STOP,
        _PASS_ROLE,
        _FIND_ROLE,
        need("OptionalTagTuningJobs", "AddTags ListTags", "tuning-job"),
        need("TagTuningJobs", "AddTags", "tuning-job").if_(given("tags")),
        _LIST_TRAINING_JOBS.if_(given("max_cost")),
        need("OptionalCheckInputs", "s3:ListBucket", "training-buckets").if_(given("check_inputs")),
        need("OptionalCheckRoles", "iam:GetRole", "role").if_(given("check_inputs")),
        *_EXPLAIN,
    ),
    "SageMakerStopTuningJobOperator": (_STOP, _DESCRIBE),
    "SageMakerTuningJobSensor": (_DESCRIBE, _LIST_WAITED_FOR, *_EXPLAIN),
    "SageMakerTrainingJobCountersSensor": (_DESCRIBE, _LIST_WAITED_FOR),
    "SageMakerGetBestTrainingJobOperator": (
        _DESCRIBE,
        _DESCRIBE_TRAINING_JOB,
        _LIST_TRAINING_JOBS.if_(given("objective", "definition_name")),
        _LIST_TRAINING_JOBS.if_(given("rank")).if_(unless("rank", 1, "1")),
        *_EXPLAIN,
    ),
    "SageMakerTuningJobLeaderboardOperator": (
        _DESCRIBE,
        _LIST_TRAINING_JOBS,
        _DESCRIBE_TRAINING_JOB.if_(given("objective")),
        need("WriteLeaderboards", "s3:PutObject", "object:s3_uri").if_(given("s3_uri")),
    ),
    "SageMakerTuningJobsSummaryOperator": (
        _DESCRIBE,
        _LIST_TRAINING_JOBS,
        need("WriteSummaries", "s3:PutObject", "object:s3_uri").if_(given("s3_uri")),
    ),
    "SageMakerFindWarmStartParentsOperator": (
        need("ListTuningJobs", "ListHyperParameterTuningJobs", "any"),
        need("ReadTagsOfTuningJobs", "ListTags", "tuning-job"),
        _DESCRIBE,
    ),
    "SageMakerCreateModelFromTrainingJobOperator": (
        _DESCRIBE_TRAINING_JOB,
        *_create_models("model"),
        need("ReplaceModels", "DeleteModel", "model").if_(equal("if_exists", "replace")),
        need("OptionalReadTagsOfModels", "ListTags", "model").if_(equal("if_exists", "fail")),
    ),
    "SageMakerDeleteModelOperator": (need("DeleteModels", "DeleteModel DescribeModel", "model"),),
    "SageMakerDeleteModelPackageOperator": (
        _LOOK_AT_PACKAGES,
        need("DeleteModelPackages", "DeleteModelPackage", "package"),
    ),
    "SageMakerDeleteEndpointOperator": (
        _LOOK_AT_ENDPOINTS,
        need("DeleteEndpoints", "DeleteEndpoint", "endpoint"),
        need(
            "DeleteEndpointConfigurations",
            "DeleteEndpointConfig DescribeEndpointConfig",
            "endpoint-config",
        ).if_(absent("keep_endpoint_config")),
    ),
    "SageMakerDeleteTuningJobArtifactsOperator": (*_LOOK_AT_LEFTOVERS, *_DELETE_ARTIFACTS),
    "SageMakerDeleteTuningJobLogStreamsOperator": (*_LOOK_AT_LEFTOVERS, _DELETE_LOG_STREAMS),
    "SageMakerRegisterModelPackageOperator": (
        _DESCRIBE_TRAINING_JOB,
        _DESCRIBE,
        _LOOK_AT_GROUPS,
        need("CreateModelPackageGroups", "CreateModelPackageGroup", "package-group"),
        _LIST_PACKAGES,
        need("RegisterModelPackages", "CreateModelPackage", "package package-group"),
        _LOOK_AT_PACKAGES,
        need("WriteModelMetrics", "s3:PutObject", "outputs"),
        need("OptionalReadRegisteredArtifacts", "s3:GetObject", "outputs"),
        need("OptionalReadRegisteredImages", "ecr:BatchGetImage ecr:DescribeImages", "images"),
    ),
    "SageMakerUpdateModelPackageOperator": (_LOOK_AT_PACKAGES, _APPROVE),
    "SageMakerModelPackageGateOperator": (
        _LOOK_AT_PACKAGES,
        _LIST_PACKAGES,
        _LOOK_AT_GROUPS,
        _APPROVE,
        *_create_models("scored-model"),
        need(
            "ScoreByTransformJobs",
            "CreateTransformJob DescribeTransformJob StopTransformJob AddTags ListTags",
            "transform-job",
        ),
        *_READ_DATA,
        need("ListPredictions", "s3:ListBucket", "bucket:s3_output_path"),
        need("ReadPredictions", "s3:GetObject", "folder:s3_output_path"),
        need("OptionalDeletePredictions", "s3:DeleteObject", "folder:s3_output_path"),
        need("OptionalListWhatIsLeftOfScoring", "ListTransformJobs ListModels", "any"),
        need("OptionalDeleteScoredModels", "DeleteModel", "scored-model"),
        need(
            "OptionalReadTransformLogs",
            "logs:DescribeLogStreams logs:GetLogEvents",
            "log-streams:TransformJobs",
        ),
    ),
    "SageMakerDeployModelPackageOperator": (
        _LOOK_AT_PACKAGES,
        _LOOK_AT_ENDPOINTS,
        _LOOK_AT_CONFIGS,
        *_create_models("deployed-model"),
        need("CreateEndpointConfigurations", "CreateEndpointConfig AddTags", "deployed-config"),
        need("CreateEndpoints", "CreateEndpoint", "endpoint deployed-config"),
        need("TagEndpoints", "AddTags", "endpoint").if_(given("tags")),
        need("UpdateEndpoints", "UpdateEndpoint", "endpoint deployed-config"),
        need("OptionalReplaceFailedEndpoints", "DeleteEndpoint", "endpoint"),
    ),
    "SageMakerRollBackEndpointOperator": (
        _LOOK_AT_ENDPOINTS,
        _LOOK_AT_CONFIGS,
        _LIST_CONFIGS,
        need("LookAtModels", "DescribeModel", "every-model"),
        # Back to what may have been there before the first deployment.
        need("RollEndpointsBack", "UpdateEndpoint", "endpoint endpoint-config"),
        need("MarkEndpointConfigurations", "AddTags", "deployed-config"),
        need("DeleteEndpoints", "DeleteEndpoint", "endpoint"),
        need("OptionalRestoreFailedEndpoints", "CreateEndpoint", "endpoint endpoint-config"),
        _LOOK_AT_PACKAGES,
        _APPROVE,
    ),
    "SageMakerApplyRetentionOperator": (
        _LIST_PACKAGES,
        _LOOK_AT_GROUPS,
        _LOOK_AT_PACKAGES,
        _LIST_CONFIGS,
        _LOOK_AT_CONFIGS,
        need("LookAtEndpoints", "DescribeEndpoint", "every-endpoint"),
        need("LookAtModels", "DescribeModel", "every-model"),
        need("ReadTagsOfModels", "ListTags", "deployed-model"),
        *_if_deleting(
            need("DeleteOldConfigurations", "DeleteEndpointConfig", "deployed-config"),
            need("DeleteOldModels", "DeleteModel", "deployed-model"),
            need("DeleteModelPackages", "DeleteModelPackage", "package"),
            *(
                each.if_(unless("delete_artifacts", False))  # noqa: FBT003 -- the argument's value
                for each in (*_LOOK_AT_LEFTOVERS, *_DELETE_ARTIFACTS)
            ),
            *(
                each.if_(given("delete_log_streams"))
                for each in (*_LOOK_AT_LEFTOVERS, _DELETE_LOG_STREAMS)
            ),
        ),
    ),
    "SageMakerSmokePredictionOperator": (
        need("InvokeEndpoints", "InvokeEndpoint", "endpoint"),
        *_READ_DATA,
    ),
    "AssetDebounceSensor": (),
    "sagemaker-tuning list": (
        need("ListTuningJobs", "ListHyperParameterTuningJobs", "any"),
        need("ReadTagsOfTuningJobs", "ListTags", "tuning-job"),
        _STOP,
        _DESCRIBE,
    ),
    # The amazon provider's.
    "S3KeySensor": (
        # Without s3:ListBucket, S3 answers 403 instead of 404 of what is not there yet.
        need("WaitForObjects", "s3:ListBucket", "sensed-bucket"),
        need("LookAtObjects", "s3:GetObject", "sensed").if_(absent("wildcard_match", "use_regex")),
    ),
    "SnsNotifier": (need("NotifyTopics", "sns:Publish", "topic:target_arn"),),
    "SqsNotifier": (need("NotifyQueues", "sqs:SendMessage", "queue:queue_url"),),
    "SqsSensorTrigger": (
        need("ReceiveEvents", "sqs:ReceiveMessage sqs:DeleteMessage", "queue:sqs_queue"),
    ),
    # Airflow's own, which call nothing of AWS.
    "ApprovalOperator": (),
    "BranchDayOfWeekOperator": (),
    "EmptyOperator": (),
    "ExternalTaskSensor": (),
    "HITLBranchOperator": (),
    "HITLEntryOperator": (),
    "HITLOperator": (),
    "LatestOnlyOperator": (),
    "TriggerDagRunOperator": (),
}
"""By class name. A need whose Sid begins with Optional is one that a task succeeds without."""
