"""Autotune: what the service chooses where the request says nothing.

AWS documents which fields it can choose, and not how. Here they are the ranges of built-in
XGBoost's tunable hyperparameters, as recommended, and the end of a tuning job once it has
converged. What is chosen stands in the tuning job as if it had been in the request.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Autotune.html
"""

from sagemaker_tuning.local.search.auto_parameters import chosen_ranges
from sagemaker_tuning.local.wire import Document


def choose(request: Document) -> None:
    """Adds to a Create request with Autotune, in place, what it leaves out."""
    if "Autotune" not in request:
        return
    config = request["HyperParameterTuningJobConfig"]
    config.setdefault(
        "TuningJobCompletionCriteria",
        {"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}},
    )
    if "TrainingJobDefinition" in request:
        _choose_ranges(config, "ParameterRanges", request["TrainingJobDefinition"])
    for document in request.get("TrainingJobDefinitions", ()):
        _choose_ranges(document, "HyperParameterRanges", document)


def _choose_ranges(holder: Document, name: str, definition: Document) -> None:
    if any(holder.get(name, {}).values()):
        return
    chosen = chosen_ranges(definition)
    if chosen:
        holder[name] = chosen
