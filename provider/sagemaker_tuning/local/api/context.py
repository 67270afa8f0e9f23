"""What an operation works with."""

from dataclasses import dataclass

from sagemaker_tuning.local.faults.faults import Faults
from sagemaker_tuning.local.runner.live_jobs import LiveJobs
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.training.algorithms import BUILT_IN_ALONE, Algorithms


@dataclass(frozen=True)
class Context:
    """One request's region, the endpoint's jobs, its fault rules and what it can run."""

    region: str
    store: Store
    live_jobs: LiveJobs
    faults: Faults
    algorithms: Algorithms = BUILT_IN_ALONE
