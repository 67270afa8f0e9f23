"""The container contract: files and environment."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sagemaker_tuning.local.training.container import Container, environment_variables


def test_configuration_files_are_sagemakers(make_container: Callable[..., Container]) -> None:
    """A program finds its hyperparameters, channels and hosts where SageMaker puts them."""
    container = make_container({"num_round": "10"}, files={"train/a.csv": "1,2\n"})
    config = {path.name: json.loads(path.read_text()) for path in container.config_dir.iterdir()}
    assert config == {
        "hyperparameters.json": {"num_round": "10"},
        "inputdataconfig.json": {
            "train": {
                "ContentType": "text/csv",
                "TrainingInputMode": "File",
                "S3DistributionType": "FullyReplicated",
                "RecordWrapperType": "None",
            }
        },
        "resourceconfig.json": {
            "current_host": "algo-1",
            "hosts": ["algo-1"],
            "network_interface_name": "eth0",
        },
    }


def test_checkpoints_are_where_their_configuration_says(
    make_container: Callable[..., Container], tmp_path: Path
) -> None:
    """The directory is there, and is what plays LocalPath, as a program cannot reach /opt/ml."""
    container = make_container(checkpoint_dir=tmp_path / "checkpoints")
    file = Path(environment_variables(container)["SM_CHECKPOINT_CONFIG_FILE"])
    assert json.loads(file.read_text()) == {"LocalPath": str(tmp_path / "checkpoints")}
    assert (tmp_path / "checkpoints").is_dir()


def test_a_channel_without_content_type_says_nothing_of_it(
    make_container: Callable[..., Container],
) -> None:
    """An absent ContentType is absent, not null."""
    container = make_container(content_type=None, files={"train/a": "1 1:2\n"})
    config = json.loads((container.config_dir / "inputdataconfig.json").read_text())
    assert "ContentType" not in config["train"]


def test_environment_is_the_contracts(make_container: Callable[..., Container]) -> None:
    """A script finds its job, directories and hyperparameters in SM_* variables."""
    container = make_container(
        {"epochs": "3", "optimizer": "adam"},
        files={"train/a.csv": "1,2\n"},
        environment={"MY_FLAG": "on", "SM_NUM_GPUS": "7"},
    )
    variables = environment_variables(container)
    assert variables["TRAINING_JOB_NAME"] == container.training_job_name
    assert variables["TRAINING_JOB_ARN"] == container.training_job_arn
    assert variables["SM_CHANNEL_TRAIN"] == str(container.root / "input/data/train")
    assert json.loads(variables["SM_HPS"]) == {"epochs": 3, "optimizer": "adam"}
    assert variables["SM_HP_EPOCHS"] == "3"
    assert variables["MY_FLAG"] == "on"
    assert variables["SM_NUM_GPUS"] == "7", "the request's Environment wins"


def test_what_no_environment_can_carry_is_left_out(
    make_container: Callable[..., Container],
) -> None:
    """Hyperparameters may have any name and value; SM_HPS and their file have them all."""
    hyperparameters = {"a=b": "1", "nul": "1\0", "half": "\ud800", "eta": "0.1"}
    container = make_container(hyperparameters, environment={"NUL": "a\0b"})
    variables = environment_variables(container)
    assert [name for name in variables if name.startswith("SM_HP_")] == ["SM_HP_ETA"]
    assert "NUL" not in variables
    assert set(json.loads(variables["SM_HPS"])) == set(hyperparameters)


def test_environment_has_nothing_of_the_endpoints(
    make_container: Callable[..., Container], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the endpoint was started with, credentials for one, does not reach a program."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert "AWS_SECRET_ACCESS_KEY" not in environment_variables(make_container())
