"""What an operation works with."""

from dataclasses import dataclass

from sagemaker_tuning.local.faults.faults import Faults
from sagemaker_tuning.local.runner.live_jobs import LiveJobs
from sagemaker_tuning.local.serving.live_endpoints import LiveEndpoints
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.training.algorithms import BUILT_IN_ALONE, Algorithms
from sagemaker_tuning.local.transform.live_transform_jobs import LiveTransformJobs


@dataclass(frozen=True)
class Context:
    """One request's region, and what the endpoint has for it."""

    region: str
    store: Store
    live_jobs: LiveJobs
    faults: Faults
    endpoints: LiveEndpoints
    transform_jobs: LiveTransformJobs
    algorithms: Algorithms = BUILT_IN_ALONE
