"""The operations of the SageMaker API that are ours, one function each."""

from collections.abc import Callable, Mapping

from sagemaker_tuning.local.api import (
    endpoint_configs,
    endpoints,
    model_package_groups,
    model_packages,
    models,
    tags,
    training_jobs,
    transform_jobs,
    tuning_jobs,
)
from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.wire import Document

Operation = Callable[[Context, Document], Document]

OPERATIONS: Mapping[str, Operation] = {
    "CreateHyperParameterTuningJob": tuning_jobs.create,
    "DescribeHyperParameterTuningJob": tuning_jobs.describe,
    "ListHyperParameterTuningJobs": tuning_jobs.list_all,
    "StopHyperParameterTuningJob": tuning_jobs.stop,
    "DeleteHyperParameterTuningJob": tuning_jobs.delete,
    "DescribeTrainingJob": training_jobs.describe,
    "ListTrainingJobs": training_jobs.list_all,
    "ListTrainingJobsForHyperParameterTuningJob": training_jobs.list_of_tuning_job,
    "StopTrainingJob": training_jobs.stop,
    "DeleteTrainingJob": training_jobs.delete,
    "CreateModel": models.create,
    "DescribeModel": models.describe,
    "ListModels": models.list_all,
    "DeleteModel": models.delete,
    "CreateEndpointConfig": endpoint_configs.create,
    "DescribeEndpointConfig": endpoint_configs.describe,
    "ListEndpointConfigs": endpoint_configs.list_all,
    "DeleteEndpointConfig": endpoint_configs.delete,
    "CreateEndpoint": endpoints.create,
    "DescribeEndpoint": endpoints.describe,
    "ListEndpoints": endpoints.list_all,
    "UpdateEndpoint": endpoints.update,
    "UpdateEndpointWeightsAndCapacities": endpoints.update_weights_and_capacities,
    "DeleteEndpoint": endpoints.delete,
    "CreateModelPackageGroup": model_package_groups.create,
    "DescribeModelPackageGroup": model_package_groups.describe,
    "ListModelPackageGroups": model_package_groups.list_all,
    "DeleteModelPackageGroup": model_package_groups.delete,
    "CreateModelPackage": model_packages.create,
    "DescribeModelPackage": model_packages.describe,
    "BatchDescribeModelPackage": model_packages.batch_describe,
    "ListModelPackages": model_packages.list_all,
    "UpdateModelPackage": model_packages.update,
    "DeleteModelPackage": model_packages.delete,
    "CreateTransformJob": transform_jobs.create,
    "DescribeTransformJob": transform_jobs.describe,
    "ListTransformJobs": transform_jobs.list_all,
    "StopTransformJob": transform_jobs.stop,
}
"""By the operation's name. What they get has been checked against the service model."""

TAG_OPERATIONS: Mapping[str, Operation] = {
    "AddTags": tags.add,
    "DeleteTags": tags.delete,
    "ListTags": tags.list_tags,
}
"""Likewise, for resources that are ours; those of others are moto's."""

WITHHELD = frozenset(
    {
        "CreateInferenceComponent",
        "GetModelPackageGroupPolicy",
        "PutModelPackageGroupPolicy",
        "DeleteModelPackageGroupPolicy",
        "Search",
        "CreateTrainingJob",
        "UpdateTrainingJob",
    }
)
"""Operations on our resources that nobody has: moto would answer from jobs of its own."""
