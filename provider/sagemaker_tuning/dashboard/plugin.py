"""The plugin that Airflow loads by the entry point ``airflow.plugins``."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from sagemaker_tuning.links.console import BestTrainingJobLink, ModelLink, TuningJobLink


class SageMakerTuningPlugin(AirflowPlugin):
    """What this package adds to Airflow's UI: the links to pages of the SageMaker console."""

    name = "sagemaker_tuning"
    operator_extra_links = [TuningJobLink(), BestTrainingJobLink(), ModelLink()]  # noqa: RUF012 -- Airflow reads a plain list
