"""Write what is known of SageMaker's built-in algorithms anew, from AWS's pages.

    git clone https://github.com/awsdocs/amazon-sagemaker-developer-guide guide
    git clone https://github.com/aws/sagemaker-xgboost-container xgboost
    python -m tools.built_in_algorithms --guide guide --xgboost xgboost

Only facts are taken: names, directions, kinds and bounds. AWS archived the guide's repository in
June 2023; its last state with pages is read. Where a page contradicts itself or its neighbour (a
misspelt name, a loss to be maximized), it is corrected here, each with its reason.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple

from tools import guide, xgboost_container

GUIDE_COMMIT = "a869fa5c9bd1074a85bd23748d0463e322ad8939"
"""The last commit of the guide's repository that has its pages."""

DATA = Path(__file__).parents[1] / "provider/sagemaker_tuning/core/algorithms/data"
_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg"
_CONTAINER = "https://github.com/aws/sagemaker-xgboost-container"


class Algorithm(NamedTuple):
    """Where to read of an algorithm.

    Attributes:
        name: As the guide calls it.
        tuning: The page of its metrics and recommended ranges.
        hyperparameters: The page of all its hyperparameters.
        registry: Its title on a page of registry paths; empty for an algorithm that is a script
            in an image of a framework.
        script: Part of the location of that script.
    """

    name: str
    tuning: str
    hyperparameters: str
    registry: str = ""
    script: str = ""


_TF = "source-directory-tarballs/tensorflow/transfer_learning"
ALGORITHMS = (
    Algorithm("BlazingText", "blazingtext-tuning", "blazingtext_hyperparameters", "BlazingText"),
    Algorithm(
        "CatBoost",
        "catboost-tuning",
        "catboost-hyperparameters",
        script="source-directory-tarballs/catboost/",
    ),
    Algorithm("DeepAR", "deepar-tuning", "deepar_hyperparameters", "DeepAR Forecasting"),
    Algorithm(
        "Factorization Machines",
        "fm-tuning",
        "fact-machines-hyperparameters",
        "Factorization Machines",
    ),
    Algorithm(
        "Image Classification - MXNet", "IC-tuning", "IC-Hyperparameter", "Image classification"
    ),
    Algorithm(
        "Image Classification - TensorFlow",
        "IC-TF-tuning",
        "IC-TF-Hyperparameter",
        script=f"{_TF}/ic/",
    ),
    Algorithm("IP Insights", "ip-insights-tuning", "ip-insights-hyperparameters", "IP Insights"),
    Algorithm("K-Means", "k-means-tuning", "k-means-api-config", "K-Means"),
    Algorithm("k-NN", "kNN-tuning", "kNN_hyperparameters", "KNN"),
    Algorithm("LDA", "lda-tuning", "lda_hyperparameters", "LDA"),
    Algorithm(
        "LightGBM",
        "lightgbm-tuning",
        "lightgbm-hyperparameters",
        script="source-directory-tarballs/lightgbm/",
    ),
    Algorithm("Linear Learner", "linear-learner-tuning", "ll_hyperparameters", "Linear Learner"),
    Algorithm("NTM", "ntm-tuning", "ntm_hyperparameters", "NTM"),
    Algorithm("Object2Vec", "object2vec-tuning", "object2vec-hyperparameters", "Object2Vec"),
    Algorithm(
        "Object Detection - MXNet",
        "object-detection-tuning",
        "object-detection-api-config",
        "Object Detection",
    ),
    Algorithm(
        "Object Detection - TensorFlow",
        "object-detection-tensorflow-tuning",
        "object-detection-tensorflow-Hyperparameter",
        script=f"{_TF}/od",
    ),
    Algorithm(
        "Random Cut Forest", "random-cut-forest-tuning", "rcf_hyperparameters", "Random Cut Forest"
    ),
    Algorithm(
        "Semantic Segmentation",
        "semantic-segmentation-tuning",
        "segmentation-hyperparameters",
        "Semantic Segmentation",
    ),
    Algorithm("Sequence-to-Sequence", "seq-2-seq-tuning", "seq-2-seq-hyperparameters", "Seq2Seq"),
    Algorithm(
        "TabTransformer",
        "tabtransformer-tuning",
        "tabtransformer-hyperparameters",
        script="tabtransformer",
    ),
    Algorithm(
        "Text Classification - TensorFlow",
        "text-classification-tensorflow-tuning",
        "text-classification-tensorflow-Hyperparameter",
        script=f"{_TF}/tc/",
    ),
    Algorithm("XGBoost", "xgboost-tuning", "xgboost_hyperparameters", "XGBoost"),
)

MISSPELT = {
    # The pages of their hyperparameters, and the algorithms, say otherwise.
    "Semantic Segmentation": {"optimzer": "optimizer"},
    "Factorization Machines": {"epoch": "epochs"},
}
WRONG_DIRECTION = {
    # Losses, which the pages would have maximized: their direction is left out.
    "CatBoost": ("Logloss", "MultiClass"),
    "LightGBM": ("binary_logloss", "multi_logloss"),
    # An accuracy, which the container's source has among the metrics to minimize.
    "XGBoost": ("train:interval-regression-accuracy", "validation:interval-regression-accuracy"),
}
ALSO_TUNABLE = {
    # The guide searches over it where it shows what ranges look like:
    # https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html
    "XGBoost": {"tree_method": {"kind": "Categorical", "values": []}},
}
WITHOUT_DATA = ("PCA",)
"""Built-in algorithms that the guide has no page about tuning of."""


def main() -> None:
    """Write a file for each algorithm, and the index that says which image is which."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guide", type=Path, required=True, help="git repository of the guide")
    parser.add_argument("--xgboost", type=Path, required=True, help="that of the container")
    arguments = parser.parse_args()
    registry = _page(arguments.guide, "ecr-us-east-1")
    repositories: dict[str, str | None] = {}
    scripts = {}
    for algorithm in ALGORITHMS:
        slug = algorithm.name.lower().replace(" - ", "-").replace(" ", "-")
        _write(slug, _data(algorithm, arguments))
        if algorithm.registry:
            for repository in guide.repositories(registry, algorithm.registry):
                repositories[repository] = slug
        else:
            scripts[algorithm.script] = slug
    for title in WITHOUT_DATA:
        repositories |= dict.fromkeys(guide.repositories(registry, title))
    _write("index", {"repositories": repositories, "scripts": scripts})


def _data(algorithm: Algorithm, arguments: argparse.Namespace) -> dict[str, Any]:
    tuning = _page(arguments.guide, algorithm.tuning)
    metrics = guide.metrics(tuning)
    tunable = guide.tunable(tuning)
    names = guide.hyperparameters(_page(arguments.guide, algorithm.hyperparameters)) | set(tunable)
    sources = [f"{_GUIDE}/{algorithm.tuning}.html", f"{_GUIDE}/{algorithm.hyperparameters}.html"]
    versions: list[str] = []
    required: set[str] = set()
    if algorithm.name == "XGBoost":
        metrics = xgboost_container.metrics(arguments.xgboost) | metrics
        more = xgboost_container.hyperparameters(arguments.xgboost)
        names |= more.names
        required = more.required
        tunable = more.tunable | tunable
        sources.append(_CONTAINER)
        versions = list(xgboost_container.TAGS)
    for wrong, right in MISSPELT.get(algorithm.name, {}).items():
        tunable[right] = tunable.pop(wrong)
    tunable |= ALSO_TUNABLE.get(algorithm.name, {})
    without = WRONG_DIRECTION.get(algorithm.name, ())
    return {
        "name": algorithm.name,
        "sources": sources,
        "complete_for_versions": versions,
        "metrics": {name: None if name in without else metrics[name] for name in metrics},
        "tunable": tunable,
        "required": sorted(required),
        "hyperparameters": sorted(names | set(tunable)),
    }


def _page(repository: Path, name: str) -> str:
    return guide.show(repository, GUIDE_COMMIT, f"doc_source/{name}.md")


def _write(name: str, data: dict[str, Any]) -> None:
    text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False)
    (DATA / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
