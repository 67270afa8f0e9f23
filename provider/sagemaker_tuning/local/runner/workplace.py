"""What every job of the endpoint works with."""

from dataclasses import dataclass, field
from pathlib import Path

from sagemaker_tuning.local.faults.faults import Faults
from sagemaker_tuning.local.logs import LogShipper
from sagemaker_tuning.local.runner.clock import Clock
from sagemaker_tuning.local.store import Store
from sagemaker_tuning.local.training.algorithms import BUILT_IN_ALONE, Algorithms
from sagemaker_tuning.local.training.processes import TrainingProcesses


@dataclass(frozen=True)
class Settings:
    """How the endpoint was asked to behave.

    Attributes:
        completion_delay_seconds: every training job's completion is held back by a random time
            up to this, to show that results do not depend on which job ends first.
        stop_grace_seconds: from SIGTERM to SIGKILL, AWS's 120 by default.
            https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html#your-algorithms-training-signal-handling
    """

    completion_delay_seconds: float = 0
    stop_grace_seconds: float = 120


@dataclass(frozen=True)
class Workplace:
    """The endpoint's resources, shared by all jobs."""

    directory: Path
    store: Store
    processes: TrainingProcesses
    logs: LogShipper
    settings: Settings
    faults: Faults = field(default_factory=Faults)
    algorithms: Algorithms = BUILT_IN_ALONE
    clock: Clock = field(default_factory=Clock)
