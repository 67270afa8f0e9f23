"""The name of a container, where there is none: Docker has it in this variable too."""

import os


def hostname() -> str:
    """Airflow's `hostname_callable`."""
    return os.environ["HOSTNAME"]
