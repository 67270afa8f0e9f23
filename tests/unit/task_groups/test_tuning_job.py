"""The chain as a task group: as Airflow parses and serializes it."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization

from sagemaker_tuning.core.errors import InvalidTuningRequest
from sagemaker_tuning.sensors.tuning_job import SageMakerTuningJobSensor
from sagemaker_tuning.task_groups.tuning_job import tune_and_create_model

CONFIG = {"Strategy": "Random"}
FILES: dict[str, Any] = {
    "tuning_job_config": "config.yaml",
    "training_job_definition": "definition.yaml",
}


def _ids(dag: DAG) -> set[str]:
    read = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    return {task.task_id for task in read.tasks}


def test_the_tasks_and_their_order() -> None:
    """Tune, best, model; the teardown comes after tune, and is no leaf of the task group."""
    with DAG("chain", schedule=None) as dag:
        tuned = tune_and_create_model(**FILES)
    tasks = {task.label: task for task in dag.tasks}
    assert _ids(dag) == {f"tune_and_create_model.{name}" for name in tasks}
    assert set(tasks["tune"].downstream_list) == {tasks["best"], tasks["stop"]}
    assert tasks["best"].downstream_list == [tasks["model"]]
    assert tasks["stop"].is_teardown
    assert [output.operator for output in tuned] == [  # type: ignore[attr-defined]
        tasks["tune"],
        tasks["best"],
        tasks["model"],
    ]


def test_what_it_gives_stands_between_other_tasks() -> None:
    """``ready >> tuned >> done``, with the operators' own outputs for ``done``."""
    with DAG("between", schedule=None) as dag:
        ready, done = (
            SageMakerTuningJobSensor(task_id=name, tuning_job_name="x")
            for name in ("ready", "done")
        )
        ready >> tune_and_create_model.override(group_id="chain")(**FILES) >> done
    assert dag.task_dict["chain.tune"].upstream_task_ids == {"ready"}
    assert dag.task_dict["done"].upstream_task_ids == {"chain.tune", "chain.best", "chain.model"}


def test_a_wrong_document_is_told_when_the_dag_is_parsed() -> None:
    """As the operator on its own does."""
    with (
        DAG("wrong", schedule=None),
        pytest.raises(InvalidTuningRequest, match=r"Strategy: missing"),
    ):
        tune_and_create_model(**FILES | {"tuning_job_config": {"Strategi": "Random"}})


@pytest.mark.parametrize(
    "documents",
    [
        [{"training_job_definition": "a.yaml"}, {"training_job_definition": "b.yaml"}],
        [{"training_job_definition": "a.yaml", "model_name": "a"}, {"warm_start_config": None}],
    ],
    ids=["alike", "not-alike"],
)
def test_mapped_by_literal_mappings(documents: list[dict[str, Any]]) -> None:
    """What is not in a mapping is as by default."""
    with DAG("mapped", schedule=None) as dag:
        tune_and_create_model.partial(tuning_job_config="c.yaml").expand_kwargs(documents)
    group = dag.task_group.get_child_by_label("tune_and_create_model")
    given = group._expand_input.value  # type: ignore[attr-defined] # noqa: SLF001 -- what Airflow maps over
    keys = {key for document in documents for key in document}
    assert [set(one) for one in given] == [keys, keys]
    assert _ids(dag) == set(dag.task_dict)


def test_mapped_by_the_output_of_a_task() -> None:
    """Its mappings are not known yet; what they lack is as by default."""
    with DAG("mapped", schedule=None) as dag:
        found = SageMakerTuningJobSensor(task_id="found", tuning_job_name="x").output
        tune_and_create_model.partial(tuning_job_config="c.yaml").expand_kwargs(found)
    tune: Any = dag.task_dict["tune_and_create_model.tune"]
    assert tune.upstream_task_ids == {"found"}
    assert tune.poll_interval == 30
    assert _ids(dag) == set(dag.task_dict)


def test_what_cannot_be_mapped_is_told_when_the_dag_is_parsed() -> None:
    """Rather than by a task that looks at a placeholder."""
    group = tune_and_create_model.partial(**FILES)
    with pytest.raises(TypeError, match=r"partial\(poll_interval=…"):
        group.expand(poll_interval=[1, 2])
    with pytest.raises(TypeError, match=r"partial\(poll_interval=…"):
        group.expand_kwargs([{"poll_interval": 1}])


@pytest.mark.parametrize("several", ["a.yaml", {"a": 1}, [["a"]]])
def test_what_is_no_list_of_mappings_is_refused(several: Any) -> None:
    """The error has what was given."""
    with pytest.raises(TypeError, match="expand_kwargs"):
        tune_and_create_model.partial(**FILES).expand_kwargs(several)
