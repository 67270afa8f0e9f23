"""What the demo does with a DAG template."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from demo.dag_run import DagRun
from demo.place import Place
from demo.timings import Stretches


class Pipeline(ABC):
    """A DAG template: the data it needs, a run of it, and what has come of that."""

    dag_id: ClassVar[str]

    @abstractmethod
    def seed(self, s3: Any) -> None:
        """Upload the data that the template's defaults name.

        Args:
            s3: A client of the endpoint.
        """

    @abstractmethod
    def show(self, run: DagRun) -> None:
        """Print what has come of a run that succeeded.

        Raises:
            DemoError: It is not what it says it is.
        """

    def drive(self, stack: Place, stretches: Stretches) -> None:
        """Run the template with its defaults, telling how it gets on, and show what came of it.

        Args:
            stack: Ready, and seeded.
            stretches: Takes the times of the run's parts.

        Raises:
            DemoError: The DAG cannot be read, a task failed, or the stack broke down.
        """
        run = DagRun.start(stack, self.dag_id)
        run.follow(stretches)
        self.show(run)
