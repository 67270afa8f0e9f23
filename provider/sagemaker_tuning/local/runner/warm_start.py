"""Warm start: what a tuning job knows from its parents.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html
"""

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.definition import definitions
from sagemaker_tuning.local.search.tuning import Observation
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.wire import Document


def parent_names(request: Document) -> list[str]:
    """The parents' names in the request's order; none without a warm start."""
    config = request.get("WarmStartConfig", {})
    return [
        parent["HyperParameterTuningJobName"]
        for parent in config.get("ParentHyperParameterTuningJobs", ())
    ]


def observations(store: Store, region: str, request: Document) -> list[Observation]:
    """The results of the parents' own training jobs; not of those that the parents learned from.

    Empty where the strategy learns nothing. A parent that has been deleted adds none.
    """
    if request["HyperParameterTuningJobConfig"]["Strategy"] != "Bayesian":
        return []
    found: list[Observation] = []
    for name in parent_names(request):
        parent = store.find("tuning_job", region, name)
        if parent is None:
            continue
        definition = definitions(parent)[0]
        for document in store.training_jobs(region, parent["HyperParameterTuningJobName"]):
            objective = documents.objective(document)
            if objective is not None:
                hyperparameters = documents.hyperparameters(definition, document)
                found.append(Observation(hyperparameters, objective))
    return found


def overall_best(
    store: Store, region: str, request: Document, best: Document | None
) -> Document | None:
    """`OverallBestTrainingJob`: the best training job of the tuning job and of its parents.

    Args:
        store: where the parents are.
        region: theirs and the tuning job's.
        request: the tuning job's.
        best: its own `BestTrainingJob`, None while there is none.

    Returns:
        None where AWS shows none: without a warm start, and with TransferLearning, whose
        objectives were measured on other data.
    """
    if request.get("WarmStartConfig", {}).get("WarmStartType") != "IdenticalDataAndAlgorithm":
        return None
    found: list[tuple[float, Document]] = []
    parents = (store.find("tuning_job", region, name) for name in parent_names(request))
    for job in ({**request, "BestTrainingJob": best}, *parents):
        summary = job and job.get("BestTrainingJob")
        if job and summary:
            objective = documents.objective(summary)
            name = job["HyperParameterTuningJobName"]
            if objective is not None:
                found.append((objective, {**summary, "TuningJobName": name}))
    choose = max if definitions(request)[0].maximize else min
    return choose(found, key=lambda each: each[0])[1] if found else None
