"""Words for what operators do, for who asks for permissions without a DAG file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.permissions.policies import Use

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that an operator does.

    Attributes:
        operator: The class's name.
        text: What it does, in some words.
        arguments: Those of the operator by which it does that.
    """

    operator: str
    text: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def use(self) -> Use:
        """The operator's use, with these arguments and no others known."""
        return Use(self.operator, self.arguments)


_CREATE = "SageMakerCreateTuningJobOperator"
_BEST = "SageMakerGetBestTrainingJobOperator"
_LEADERBOARD = "SageMakerTuningJobLeaderboardOperator"

FEATURES: Mapping[str, Feature] = {
    "tune": Feature(_CREATE, "launch a tuning job, wait for it, stop it"),
    "tune-tagged": Feature(_CREATE, "the same with tags of your own", {"tags": [{}]}),
    "tune-checked": Feature(_CREATE, "the same, its inputs looked at", {"check_inputs": True}),
    "tune-budgeted": Feature(_CREATE, "the same, stopped at max_cost", {"max_cost": 1}),
    "stop": Feature("SageMakerStopTuningJobOperator", "stop a tuning job"),
    "wait": Feature("SageMakerTuningJobSensor", "wait for a tuning job"),
    "wait-for-counters": Feature(
        "SageMakerTrainingJobCountersSensor", "wait for counts of training jobs"
    ),
    "best": Feature(_BEST, "fetch the best training job"),
    "best-by-other-metric": Feature(
        _BEST,
        "the same by a metric or definition of your choice",
        {"objective": {"MetricName": ""}},
    ),
    "leaderboard": Feature(_LEADERBOARD, "rank the training jobs"),
    "leaderboard-by-other-metric": Feature(
        _LEADERBOARD, "the same by a metric of your choice", {"objective": {"MetricName": ""}}
    ),
    "leaderboard-file": Feature(_LEADERBOARD, "the same, written to S3", {"s3_uri": "s3:"}),
    "summary": Feature("SageMakerTuningJobsSummaryOperator", "sum up tuning jobs"),
    "warm-start": Feature("SageMakerFindWarmStartParentsOperator", "find parents of a warm start"),
    "create-model": Feature(
        "SageMakerCreateModelFromTrainingJobOperator", "create a model of a training job"
    ),
    "replace-model": Feature(
        "SageMakerCreateModelFromTrainingJobOperator",
        "the same, in place of one that is there",
        {"if_exists": "replace"},
    ),
    "register": Feature("SageMakerRegisterModelPackageOperator", "register a model package"),
    "approve": Feature("SageMakerUpdateModelPackageOperator", "approve or reject a model package"),
    "gate": Feature("SageMakerModelPackageGateOperator", "let the better model package pass"),
    "deploy": Feature("SageMakerDeployModelPackageOperator", "deploy a model package"),
    "roll-back": Feature("SageMakerRollBackEndpointOperator", "take a model package off again"),
    "predict": Feature("SageMakerSmokePredictionOperator", "ask an endpoint", {"data": "s3:"}),
    "retain": Feature(
        "SageMakerApplyRetentionOperator",
        "delete old model packages and what is of them",
        {"delete_log_streams": True},
    ),
    "delete-artifacts": Feature(
        "SageMakerDeleteTuningJobArtifactsOperator", "delete what training jobs wrote to S3"
    ),
    "delete-log-streams": Feature(
        "SageMakerDeleteTuningJobLogStreamsOperator", "delete what they wrote to CloudWatch Logs"
    ),
    "delete-model": Feature("SageMakerDeleteModelOperator", "delete a model"),
    "delete-model-package": Feature(
        "SageMakerDeleteModelPackageOperator", "delete a model package"
    ),
    "delete-endpoint": Feature(
        "SageMakerDeleteEndpointOperator", "delete an endpoint and its configuration"
    ),
    "list": Feature("sagemaker-tuning list", "the command that lists and stops tuning jobs"),
}
