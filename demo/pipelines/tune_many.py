"""A tuning job for each of several data sets."""

from typing import Any

from demo import console, model_check, report, sagemaker, samples
from demo.dag_run import DagRun
from demo.pipelines.pipeline import Pipeline

_GROUP = "segments"


class TuneMany(Pipeline):
    """The template with dynamic task mapping."""

    dag_id = "tune_many"

    def seed(self, s3: Any) -> None:
        """Upload all data sets."""
        for name in samples.DATA_SETS:
            samples.upload(s3, f"tune-many/{name}", samples.split(name))

    def show(self, run: DagRun) -> None:
        """Show the summary, and check each model."""
        summary = run.result("summary")
        console.heading("The summary")
        console.rows(report.summary(summary["Rows"]))
        console.heading("The models, on the validation data")
        s3 = sagemaker.client(run.stack.endpoint_url, "s3")
        rows = []
        for index, name in enumerate(summary["Names"]):
            best = run.result(f"{_GROUP}.best", index)
            copy = run.stack.home / f"{name}.tar.gz"
            model = run.result(f"{_GROUP}.model", index)
            value = model_check.check(s3, model, best, copy)
            metric = best["FinalHyperParameterTuningJobObjectiveMetric"]["MetricName"]
            rows.append([name, metric, f"{value:.5f}", str(copy)])
        console.rows(rows)
        console.line(f"  {summary['S3Uri']}")


PIPELINE = TuneMany()
