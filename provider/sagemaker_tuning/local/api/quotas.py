"""Quotas of the account: none is in force but those that fault rules set, and one of variants.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html
"""

from collections import Counter

from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.definition import Definition, definitions
from sagemaker_tuning.local.errors import ApiError
from sagemaker_tuning.local.faults.rules import TUNING_JOBS
from sagemaker_tuning.local.listings import Condition, Listing
from sagemaker_tuning.local.serving.live_endpoints import DEPLOYED, MOST_VARIANTS, TARGET
from sagemaker_tuning.local.wire import Document

_PAGE = 1000


def check(context: Context, request: Document) -> None:
    """Refuses a completed Create request that asks for more than a quota leaves.

    An instance type's quota counts the instances of the training jobs that run now, and those
    that the tuning job would run in parallel.

    Raises:
        ApiError: ResourceLimitExceeded, in AWS's words.
    """
    limits = context.faults.quotas()
    if not limits:
        return
    used, wanted = _in_use(context), _wanted(request)
    for resource, limit in limits.items():
        if wanted[resource] and used[resource] + wanted[resource] > limit:
            context.faults.count_refusal(resource)
            raise _exceeded(resource, limit, used[resource], wanted[resource])


def check_variants(context: Context, endpoint: Document) -> None:
    """Refuses an endpoint whose target has more variants than there is room for.

    Until an update is done its old variants and the new ones are there, as on AWS.

    Raises:
        ApiError: ResourceLimitExceeded; at most 50 variants are there, of all endpoints.
    """
    used = sum(
        len(document.get(member, ()))
        for _, document in context.store.endpoints()
        for member in (DEPLOYED, TARGET)
    )
    wanted = len(endpoint[TARGET])
    if used + wanted > MOST_VARIANTS:
        raise ApiError(
            "ResourceLimitExceeded",
            "The account-level service limit 'Production variants of all endpoints' is"
            f" {MOST_VARIANTS} Variants, with current utilization of {used} Variants and a request"
            f" delta of {wanted} Variants. It is the local SageMaker endpoint's own, where each"
            " variant is a process with its model; delete endpoints that are not needed.",
        )


def _wanted(request: Document) -> Counter[str]:
    parallel = request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxParallelTrainingJobs"]
    wanted = Counter({TUNING_JOBS: 1})
    for definition in definitions(request):
        for instance_type, count in _instances(definition).items():
            # Definitions take turns, so that all parallel training jobs may be of one of them.
            wanted[instance_type] = max(wanted[instance_type], parallel * count)
    return wanted


def _in_use(context: Context) -> Counter[str]:
    used: Counter[str] = Counter()
    for region, tuning_job in context.store.unfinished_tuning_jobs():
        if region != context.region:
            continue
        used[TUNING_JOBS] += 1
        by_name = {each.name: each for each in definitions(tuning_job)}
        for status in ("InProgress", "Stopping"):
            running = Listing(
                region,
                (
                    Condition("tuning_job", "=", tuning_job["HyperParameterTuningJobName"]),
                    Condition("status", "=", status),
                ),
                sort_by="name",
                descending=False,
                limit=_PAGE,
            )
            for row in context.store.list_jobs("training_job", running):
                used.update(_instances(by_name[row.document.get("TrainingJobDefinitionName")]))
    return used


def _instances(definition: Definition) -> Counter[str]:
    resources = definition.document["ResourceConfig"]
    counted: Counter[str] = Counter()
    for group in resources.get("InstanceGroups", (resources,)):
        counted[group.get("InstanceType")] += group.get("InstanceCount", 1)
    return counted


def _exceeded(resource: str, limit: int, used: int, wanted: int) -> ApiError:
    name, unit = f"{resource} for training job usage", "Instances"
    if resource == TUNING_JOBS:
        name, unit = "Number of concurrent hyperparameter tuning jobs", "Tuning Jobs"
    return ApiError(
        "ResourceLimitExceeded",
        f"The account-level service limit '{name}' is {limit} {unit}, with current utilization of"
        f" {used} {unit} and a request delta of {wanted} {unit}. Please use AWS Service Quotas to"
        " request an increase for this quota. If AWS Service Quotas is not available, contact AWS"
        " support to request an increase for this quota.",
    )
