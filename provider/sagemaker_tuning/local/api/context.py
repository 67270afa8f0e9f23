"""What an operation works with."""

from dataclasses import dataclass

from sagemaker_tuning.local.faults.faults import Faults
from sagemaker_tuning.local.runner.live_jobs import LiveJobs
from sagemaker_tuning.local.store import Store


@dataclass(frozen=True)
class Context:
    """One request's region, the endpoint's jobs and its fault rules."""

    region: str
    store: Store
    live_jobs: LiveJobs
    faults: Faults
