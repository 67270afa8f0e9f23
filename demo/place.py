"""Where DAGs run, as far as following their runs takes: a stack, or any other deployment."""

from pathlib import Path
from typing import Protocol

from demo.airflow_api import AirflowApi


class Place(Protocol):
    """An Airflow, and the SageMaker endpoint that is its AWS."""

    @property
    def home(self) -> Path:
        """The folder that copies of models go to; Airflow's logs are in its `logs`."""

    @property
    def api(self) -> AirflowApi:
        """Airflow's REST API."""

    @property
    def endpoint_url(self) -> str:
        """Where the SageMaker endpoint answers."""

    def check(self) -> None:
        """Do nothing while all of it runs.

        Raises:
            DemoError: Part of it ended by itself.
        """
