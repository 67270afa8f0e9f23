"""A tuning job as a person asks for it in the trigger form."""

from typing import Any

from demo import console, model_check, report, sagemaker, samples
from demo.dag_run import DagRun
from demo.pipelines.pipeline import Pipeline

_GROUP = "tune_and_create_model"


class TuneFromUi(Pipeline):
    """The template with the whole form."""

    dag_id = "tune_from_ui"

    def seed(self, s3: Any) -> None:
        """Upload the breast cancer data."""
        samples.upload(s3, "tune-from-ui", samples.split("breast_cancer"))

    def show(self, run: DagRun) -> None:
        """Show the leaderboard and the model, which is checked."""
        leaderboard = run.result("leaderboard")
        best, model = run.result(f"{_GROUP}.best"), run.result(f"{_GROUP}.model")
        console.heading(f"The leaderboard of {leaderboard['HyperParameterTuningJobName']}")
        console.rows(report.ranked(leaderboard))
        console.heading("The model")
        copy = run.stack.home / "model.tar.gz"
        s3 = sagemaker.client(run.stack.endpoint_url, "s3")
        value = model_check.check(s3, model, best, copy)
        console.rows([*report.model(model, best, value), ["copy", str(copy)]])


PIPELINE = TuneFromUi()
