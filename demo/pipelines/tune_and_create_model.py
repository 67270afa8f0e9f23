"""One tuning job, its best training job, a model of that."""

from typing import Any

from demo import console, model_check, report, sagemaker, samples
from demo.dag_run import DagRun
from demo.pipelines.pipeline import Pipeline

_LEADERS = 5


class TuneAndCreateModel(Pipeline):
    """The template of the README's first page."""

    dag_id = "tune_and_create_model"

    def seed(self, s3: Any) -> None:
        """Upload the breast cancer data."""
        samples.upload(s3, "tune-and-create-model", samples.split("breast_cancer"))

    def show(self, run: DagRun) -> None:
        """Show the leaders, the best one, and the model, which is checked."""
        url = run.stack.endpoint_url
        name = run.result("create_tuning_job")["HyperParameterTuningJobName"]
        best, model = run.result("best_training_job"), run.result("create_model")
        leaders = sagemaker.best_training_jobs(sagemaker.client(url), name, _LEADERS)
        console.heading(f"The best {len(leaders)} training jobs of {name}")
        console.rows(report.leaderboard(leaders))
        console.heading("The best one")
        console.rows(report.best_training_job(best))
        console.heading("The model")
        copy = run.stack.home / "model.tar.gz"
        value = model_check.check(sagemaker.client(url, "s3"), model, best, copy)
        console.rows([*report.model(model, best, value), ["copy", str(copy)]])


PIPELINE = TuneAndCreateModel()
