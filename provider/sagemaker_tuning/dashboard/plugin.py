"""The plugin that Airflow loads by the entry point ``airflow.plugins``."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from sagemaker_tuning.links.console import TuningJobLink


class SageMakerTuningPlugin(AirflowPlugin):
    """What this package adds to Airflow's UI: the link to a tuning job's console page."""

    name = "sagemaker_tuning"
    operator_extra_links = [TuningJobLink()]  # noqa: RUF012 -- Airflow reads a plain list
