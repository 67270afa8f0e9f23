"""What Airflow's provider manager reads."""

from __future__ import annotations

from typing import Any

_NAME = "Amazon SageMaker tuning"


def get_provider_info() -> dict[str, Any]:
    """Describe this provider to Airflow."""
    return {
        "package-name": "airflow-provider-sagemaker-tuning",
        "name": _NAME,
        "description": "Amazon SageMaker automatic model tuning.",
        "integrations": [
            {
                "integration-name": _NAME,
                "external-doc-url": (
                    "https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning.html"
                ),
                "tags": ["aws"],
            }
        ],
        "hooks": _modules("hooks.tuning", "hooks.model", "hooks.deployment", "hooks.registry"),
        "operators": _modules(
            "operators.tuning_job",
            "operators.warm_start",
            "operators.training_job",
            "operators.leaderboard",
            "operators.summary",
            "operators.model",
            "operators.model_package",
            "operators.gate",
            "operators.endpoint",
            "operators.deployment",
            "operators.prediction",
            "operators.rollback",
            "operators.leftovers",
            "operators.retention",
        ),
        "sensors": _modules("sensors.tuning_job", "sensors.asset"),
        "triggers": _modules("triggers.tuning_job", "triggers.transform_job"),
        "extra-links": [
            f"sagemaker_tuning.links.console.{link}"
            for link in ("TuningJobLink", "BestTrainingJobLink", "ModelLink", "EndpointLink")
        ],
        "config": {
            "sagemaker_tuning": {
                "description": "Settings of the SageMaker tuning provider.",
                "options": {
                    "namespace": {
                        "description": (
                            "What tells this Airflow apart from others that run the same DAGs in "
                            "the same AWS account; part of every tuning job's name. "
                            "[api] base_url if not set."
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "prod",
                        "default": None,
                    }
                },
            }
        },
    }


def _modules(*names: str) -> list[dict[str, Any]]:
    modules = [f"sagemaker_tuning.{name}" for name in names]
    return [{"integration-name": _NAME, "python-modules": modules}]
