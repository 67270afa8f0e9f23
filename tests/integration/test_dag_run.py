"""How the demo follows a DAG run."""

from pathlib import Path

import pytest

from demo.dag_run import DagRun
from demo.errors import DemoError
from demo.stack import Stack


def test_a_failed_task_is_explained(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    """Its name, the end of its log, and where all of it is."""
    run = DagRun.start(stack, "tune_and_create_model", {"instance_type": "ml.none"})
    with pytest.raises(DemoError, match=r"the task create_tuning_job failed; .* log is (.*)") as e:
        run.follow([])
    shown = capsys.readouterr().out
    assert "The last lines of create_tuning_job" in shown
    assert "ml.none" in shown
    assert Path(str(e.value).rsplit(maxsplit=1)[-1]).exists()
