"""A secrets backend that can be told to fail."""

import os
from pathlib import Path

from airflow.secrets import BaseSecretsBackend

FAILS = "secrets-backend-fails"
"""While a file of this name is in Airflow's home, nothing is found."""


class UnsteadyBackend(BaseSecretsBackend):
    """Knows one AWS connection."""

    def get_conn_value(self, conn_id: str, team_name: str | None = None) -> str | None:
        """Find it, or be out of reach."""
        del team_name
        if conn_id != "aws_crashes":
            return None
        if (Path(os.environ["AIRFLOW_HOME"]) / FAILS).exists():
            raise ConnectionError("the secrets backend is out of reach")
        return "aws://test:test@/?region_name=us-east-1"

    def get_variable(self, key: str, team_name: str | None = None) -> str | None:
        """Know none."""
        del key, team_name
        return None
