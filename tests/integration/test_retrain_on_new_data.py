"""New data, a burst of events, one run; and a second that learns from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.new_data import DAG_ID, QUIET_SECONDS, NewData
from tests.integration.waiting import until

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi
    from demo.stack import Stack

NAME = "HyperParameterTuningJobName"


@pytest.fixture
def new_data(stack: Stack, airflow: AirflowApi) -> NewData:
    """Data of both channels, and a debounce of seconds."""
    data = NewData(stack)
    data.empty()
    data.upload("held-out", "validation")
    data.upload("first")
    data.set_quiet(QUIET_SECONDS)
    until(lambda: airflow.has_dag(DAG_ID), f"Airflow reads {DAG_ID}")
    return data


def test_a_burst_is_one_run_and_a_later_event_is_another(
    airflow: AirflowApi, sagemaker: Any, new_data: NewData
) -> None:
    """Five events: one tuning job and one version; the sixth: another, warm from the first."""
    new_data.tell(1)
    until(new_data.runs, "a run is made of the first event")
    new_data.tell(4)
    (first,) = new_data.went_on()
    assert len(new_data.idle_runs()) > 1
    tuned = airflow.result(DAG_ID, first, "tune_and_register.tune")
    jobs = sagemaker.list_hyper_parameter_tuning_jobs(NameContains="retrain-on-new")
    assert [job[NAME] for job in jobs["HyperParameterTuningJobSummaries"]] == [tuned[NAME]]

    new_data.upload("second")
    new_data.set_quiet(1)
    new_data.tell(1)
    again, second = new_data.went_on()
    assert again == first
    described = sagemaker.describe_hyper_parameter_tuning_job(
        **{NAME: airflow.result(DAG_ID, second, "tune_and_register.tune")[NAME]}
    )
    assert described["WarmStartConfig"]["ParentHyperParameterTuningJobs"] == [{NAME: tuned[NAME]}]
    assert "WarmStartConfig" not in sagemaker.describe_hyper_parameter_tuning_job(
        **{NAME: tuned[NAME]}
    )
    registered = {
        airflow.result(DAG_ID, run_id, "tune_and_register.register")["ModelPackageArn"]
        for run_id in (first, second)
    }
    packages = sagemaker.list_model_packages(ModelPackageGroupName="retrained-on-new-data")
    assert registered == {
        package["ModelPackageArn"] for package in packages["ModelPackageSummaryList"]
    }
