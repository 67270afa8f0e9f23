"""The rules across fields that a Create request has to keep, in AWS's words where they are known.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from sagemaker_tuning.local import objects
from sagemaker_tuning.local.api import (
    rules_of_config,
    rules_of_definition,
    rules_of_warm_start,
)
from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.definition import NUMERIC_RANGES, Definition, definitions
from sagemaker_tuning.local.errors import validation_error
from sagemaker_tuning.local.search.auto_parameters import searched_ranges
from sagemaker_tuning.local.search.ranges import parameters
from sagemaker_tuning.local.training.algorithms import Algorithm
from sagemaker_tuning.local.wire import Document

_MOST_RANGES = 30


def check(context: Context, request: Document) -> None:
    """Refuses a Create request that breaks a rule, before anything is made of it.

    Raises:
        ApiError: ValidationException, or ResourceLimitExceeded, for the first rule that is broken.
    """
    for rule in (_one_kind_of_definition, _objectives_and_ranges, _tags):
        rule(request)
    for definition in definitions(request):
        algorithm = rules_of_definition.check(definition, context.algorithms)
        _tunable(definition, algorithm, request["HyperParameterTuningJobConfig"])
    rules_of_config.check_stopping(request)
    launched_by_parents = rules_of_warm_start.check(context.store, context.region, request)
    rules_of_config.check_limits(request, launched_by_parents)


def check_inputs(request: Document) -> None:
    """Refuses a Create request that keeps the rules above when a channel has no data.

    Raises:
        ApiError: ValidationException for the first such channel.
    """
    for definition in definitions(request):
        for channel in definition.channels:
            uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
            if not objects.exist(uri):
                raise validation_error(objects.no_objects_message(uri))


def _one_kind_of_definition(request: Document) -> None:
    given = [n for n in ("TrainingJobDefinition", "TrainingJobDefinitions") if n in request]
    if len(given) != 1:
        found = "both of them" if given else "neither of them"
        raise validation_error(
            "Provide either TrainingJobDefinition or TrainingJobDefinitions. The request has"
            f" {found}."
        )


def _objectives_and_ranges(request: Document) -> None:
    """They stand in the config for one definition, and in each definition for a list."""
    config = request["HyperParameterTuningJobConfig"]
    in_config = ("HyperParameterTuningJobObjective", "ParameterRanges")
    if "TrainingJobDefinition" in request:
        _require(config, in_config, "HyperParameterTuningJobConfig", "TrainingJobDefinition")
        return
    for name in in_config:
        if name in config:
            raise validation_error(
                f"HyperParameterTuningJobConfig.{name} goes with TrainingJobDefinition. In"
                " TrainingJobDefinitions, each definition has its own TuningObjective and"
                " HyperParameterRanges."
            )
    for number, document in enumerate(request["TrainingJobDefinitions"], start=1):
        _require(
            document,
            ("DefinitionName", "TuningObjective", "HyperParameterRanges"),
            f"TrainingJobDefinitions.{number}",
            "TrainingJobDefinitions",
        )
    _unique(
        (document["DefinitionName"] for document in request["TrainingJobDefinitions"]),
        "TrainingJobDefinitions",
        "DefinitionName",
    )
    _one_direction(request["TrainingJobDefinitions"])


def _one_direction(documents: Sequence[Document]) -> None:
    """Of objectives that get better in opposite directions none is the best training job's."""
    first = documents[0]["TuningObjective"]["Type"]
    for number, document in enumerate(documents, start=1):
        kind = document["TuningObjective"]["Type"]
        if kind != first:
            raise validation_error(
                f"TrainingJobDefinitions.{number}.TuningObjective.Type is {kind}, that of the"
                f" first definition is {first}. The local SageMaker endpoint compares the training"
                " jobs of all definitions; use one Type for all."
            )


def _require(document: Document, names: Iterable[str], path: str, used: str) -> None:
    for name in names:
        if name not in document:
            raise validation_error(f"{path}.{name} is required with {used}.")


def _unique(values: Iterable[str], path: str, name: str) -> None:
    repeated = [value for value, count in Counter(values).items() if count > 1]
    if repeated:
        raise validation_error(f"{path} has the {name} {repeated[0]} more than once.")


def _tags(request: Document) -> None:
    _unique((tag["Key"] for tag in request.get("Tags", ())), "Tags", "Key")


def _tunable(definition: Definition, algorithm: Algorithm, config: Document) -> None:
    ranges = searched_ranges(definition)
    count = sum(len(each) for each in ranges.values())
    if not 1 <= count <= _MOST_RANGES:
        raise validation_error(
            f"The parameter ranges have {count} hyperparameters in all. Provide 1 to"
            f" {_MOST_RANGES}."
        )
    names = [each.name for each in parameters(ranges)]
    rules_of_definition.check_names(definition, algorithm, names)
    if config["Strategy"] == "Grid" and any(ranges[name] for name in NUMERIC_RANGES):
        raise validation_error(
            "Strategy Grid takes CategoricalParameterRanges only. Remove the integer and"
            " continuous ranges, and the AutoParameters."
        )
