"""Create requests, with as much in them as a search reads."""

from typing import Any

from sagemaker_tuning.local.wire import Document

XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
ETA = {
    "ContinuousParameterRanges": [
        {"Name": "eta", "MinValue": "0", "MaxValue": "1", "ScalingType": "Linear"}
    ]
}


def request(
    strategy: str,
    *ranges: Document,
    kind: str = "Maximize",
    parallel: int = 3,
    image: str = "mine:1",
    static: dict[str, str] | None = None,
    **config: Any,
) -> Document:
    """A request with a definition for each of the ranges."""
    objective = {"MetricName": "auc", "Type": kind}
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": strategy,
            "ResourceLimits": {"MaxParallelTrainingJobs": parallel},
            **config,
        },
        "TrainingJobDefinitions": [
            {
                "DefinitionName": str(number),
                "TuningObjective": objective,
                "HyperParameterRanges": each,
                "StaticHyperParameters": static or {},
                "AlgorithmSpecification": {"TrainingImage": image},
            }
            for number, each in enumerate(ranges)
        ],
    }
