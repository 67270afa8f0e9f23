"""The operations of the SageMaker API that are ours, one function each."""

from collections.abc import Callable, Mapping

from sagemaker_tuning.local.api import tags, training_jobs, tuning_jobs
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
        "CreateTrainingJob",
        "UpdateTrainingJob",
    }
)
"""Operations on our resources that nobody has: moto would answer from jobs of its own."""
