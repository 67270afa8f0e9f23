"""The rules of HyperParameterTuningJobConfig: strategy, stopping and limits.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobConfig.html
"""

import math

from sagemaker_tuning.local.definition import definitions
from sagemaker_tuning.local.errors import ApiError, validation_error
from sagemaker_tuning.local.search.auto_parameters import searched_ranges
from sagemaker_tuning.local.search.hyperband import resources
from sagemaker_tuning.local.search.ranges import combinations
from sagemaker_tuning.local.wire import Document

# The quotas that AWS raises on request are in force here as raised, and not as they are at first.
# https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html
_MOST_PARALLEL = 100
_MOST_TRAINING_JOBS = 750
_MOST_RANDOM_TRAINING_JOBS = 10_000


def check_stopping(request: Document) -> None:
    """Refuses early stopping and Hyperband's resources where they do not fit the strategy.

    Raises:
        ApiError: ValidationException.
    """
    config = request["HyperParameterTuningJobConfig"]
    early = config.get("TrainingJobEarlyStoppingType") == "Auto"
    if early and len(definitions(request)) > 1:
        raise validation_error(
            "HyperParameterTuningJobConfig.TrainingJobEarlyStoppingType is Auto. Early stopping is"
            " available only when a single algorithm is tuned: it must be Off with several"
            " TrainingJobDefinitions."
        )
    if config["Strategy"] != "Hyperband":
        if "HyperbandStrategyConfig" in config.get("StrategyConfig", {}):
            raise validation_error(
                "HyperParameterTuningJobConfig.StrategyConfig.HyperbandStrategyConfig is for"
                f" strategy Hyperband only. The Strategy is {config['Strategy']}."
            )
        return
    if early:
        raise validation_error(
            "HyperParameterTuningJobConfig.TrainingJobEarlyStoppingType must be Off with strategy"
            " Hyperband, which stops training jobs by itself. It is Auto."
        )
    for definition in definitions(request):
        resources(config, definition)


def check_limits(request: Document, launched_by_parents: int) -> None:
    """Refuses more training jobs than there are combinations, or than the quotas allow.

    Args:
        request: one that keeps the rules of its definitions.
        launched_by_parents: the training jobs of a warm start's parents, which count too.

    Raises:
        ApiError: ValidationException or ResourceLimitExceeded.
    """
    config = request["HyperParameterTuningJobConfig"]
    limits = config["ResourceLimits"]
    number: int | None = limits.get("MaxNumberOfTrainingJobs")
    total = sum(combinations(searched_ranges(each)) for each in definitions(request))
    if config["Strategy"] == "Grid" and number not in {None, total}:
        raise validation_error(
            f"MaxNumberOfTrainingJobs is {number}. With strategy Grid it must equal the number of"
            f" combinations of the categorical values, {total}, or be left out."
        )
    if number is not None and total < number:
        raise validation_error(
            "You don't have enough combinations of hyperparameter ranges. The total number of"
            f" hyperparameter combinations for the provided ranges [{float(total)}] must be equal"
            f" or greater than the value of MaxNumberOfJobs, [{number}]. Provide additional"
            " ranges."
        )
    if number is None and config["Strategy"] == "Grid" and total != math.inf:
        number = int(total)
    _quotas(config["Strategy"], number, launched_by_parents, limits["MaxParallelTrainingJobs"])


def _quotas(strategy: str, number: int | None, launched_by_parents: int, parallel: int) -> None:
    if parallel > _MOST_PARALLEL:
        raise _exceeded(
            f"MaxParallelTrainingJobs is {parallel}. A tuning job can run {_MOST_PARALLEL} training"
            " jobs in parallel at most."
        )
    most = _MOST_RANDOM_TRAINING_JOBS if strategy == "Random" else _MOST_TRAINING_JOBS
    if (number or 0) + launched_by_parents > most:
        parents = f" and its parents have launched {launched_by_parents}"
        raise _exceeded(
            f"The tuning job would launch {number or 0} training jobs"
            f"{parents if launched_by_parents else ''}. With strategy {strategy} it can be {most}"
            " in all."
        )


def _exceeded(message: str) -> ApiError:
    return ApiError("ResourceLimitExceeded", message)
