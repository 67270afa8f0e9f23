"""What an operation works with."""

from dataclasses import dataclass

from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.tuning_jobs import TuningJobs


@dataclass(frozen=True)
class Context:
    """One request's region, and the endpoint's jobs."""

    region: str
    store: Store
    tuning_jobs: TuningJobs
