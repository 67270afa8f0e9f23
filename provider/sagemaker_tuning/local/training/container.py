"""One training job's container: the ``/opt/ml`` tree and the environment that a program finds.

The contract: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sagemaker_tuning.local.training import toolkit
from sagemaker_tuning.local.training.leftovers import MARKER

HOST = "algo-1"
_NETWORK_INTERFACE = "eth0"

OPT_ML: Final = "/opt/ml"
"""What a container's root plays."""

DEFAULT_CHECKPOINT_PATH: Final = f"{OPT_ML}/checkpoints"
"""Of a CheckpointConfig without LocalPath."""

# What a program needs to find its interpreter, its locale and a place for temporary files.
# Nothing else of the endpoint's environment reaches a container, its credentials least of all.
_INHERITED = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Channel:
    """An input channel as ``inputdataconfig.json`` tells a program about it.

    Attributes:
        content_type: The request's ContentType, None when it has none.
        input_mode: ``File``, ``FastFile`` or ``Pipe``.
        s3_data_distribution_type: ``FullyReplicated`` or ``ShardedByS3Key``.
        record_wrapper_type: ``None`` (the string) or ``RecordIO``.
    """

    content_type: str | None = None
    input_mode: str = "File"
    s3_data_distribution_type: str = "FullyReplicated"
    record_wrapper_type: str = "None"

    def to_config(self) -> dict[str, str]:
        """The channel's entry in ``inputdataconfig.json``."""
        config = {
            "TrainingInputMode": self.input_mode,
            "S3DistributionType": self.s3_data_distribution_type,
            "RecordWrapperType": self.record_wrapper_type,
        }
        if self.content_type is not None:
            config["ContentType"] = self.content_type
        return config


@dataclass(frozen=True)
class Container:
    """Everything a training process is started with; it can be pickled.

    Attributes:
        root: Plays ``/opt/ml``. The channels' data is expected in ``input/data/<channel>``.
        image: The request's TrainingImage, which decides what runs.
        training_job_name: As in the API.
        training_job_arn: As in the API.
        hyperparameters: Static and tuned ones together, every value a string.
        channels: By channel name; may be empty.
        environment: The request's Environment; it wins over every other variable.
        source: The archive of a user's script, None where it has none.
        checkpoint_dir: Plays CheckpointConfig's LocalPath, None where the request has none.
    """

    root: Path
    image: str
    training_job_name: str
    training_job_arn: str
    hyperparameters: Mapping[str, str]
    channels: Mapping[str, Channel]
    environment: Mapping[str, str] = field(default_factory=dict)
    source: Path | None = None
    checkpoint_dir: Path | None = None

    @property
    def config_dir(self) -> Path:
        """Where the configuration files are."""
        return self.root / "input" / "config"

    def channel_dir(self, name: str) -> Path:
        """Where the data of the channel ``name`` is."""
        return self.root / "input" / "data" / name

    @property
    def model_dir(self) -> Path:
        """What becomes ``model.tar.gz``."""
        return self.root / "model"

    @property
    def output_data_dir(self) -> Path:
        """What becomes ``output.tar.gz``."""
        return self.root / "output" / "data"

    @property
    def failure_file(self) -> Path:
        """Where a program says why it failed."""
        return self.root / "output" / "failure"


def prepare(container: Container) -> None:
    """Make the directories of ``container`` and write its configuration files.

    Directories that exist, with the channels' data in them, stay as they are.
    """
    checkpoints = () if container.checkpoint_dir is None else (container.checkpoint_dir,)
    for directory in (
        *checkpoints,
        container.config_dir,
        container.model_dir,
        container.output_data_dir,
        *map(container.channel_dir, container.channels),
    ):
        directory.mkdir(parents=True, exist_ok=True)
    for name, document in (
        ("hyperparameters", dict(container.hyperparameters)),
        ("inputdataconfig", _input_data_config(container)),
        ("resourceconfig", _resource_config()),
        *(("checkpointconfig", {"LocalPath": str(directory)}) for directory in checkpoints),
    ):
        (container.config_dir / f"{name}.json").write_text(json.dumps(document))


def environment_variables(container: Container) -> dict[str, str]:
    """The whole environment of a program in ``container``, nothing to be added to it.

    Hyperparameters and variables that an environment cannot carry are left out.
    """
    hyperparameters = toolkit.of_users(container.hyperparameters)
    variables = {
        **{name: os.environ[name] for name in _INHERITED if name in os.environ},
        "PYTHONUNBUFFERED": "1",
        "TZ": "UTC",
        "TRAINING_JOB_NAME": container.training_job_name,
        "TRAINING_JOB_ARN": container.training_job_arn,
        "SM_HOSTS": json.dumps([HOST]),
        "SM_CURRENT_HOST": HOST,
        "SM_NETWORK_INTERFACE_NAME": _NETWORK_INTERFACE,
        "SM_NUM_CPUS": str(os.cpu_count() or 1),
        "SM_NUM_GPUS": "0",
        "SM_INPUT_DIR": str(container.root / "input"),
        "SM_INPUT_CONFIG_DIR": str(container.config_dir),
        # The images of XGBoost and scikit-learn have it, whether the file is there or not.
        "SM_CHECKPOINT_CONFIG_FILE": str(container.config_dir / "checkpointconfig.json"),
        "SM_INPUT_DATA_CONFIG": json.dumps(_input_data_config(container)),
        "SM_RESOURCE_CONFIG": json.dumps(_resource_config()),
        "SM_MODEL_DIR": str(container.model_dir),
        "SM_OUTPUT_DIR": str(container.root / "output"),
        "SM_OUTPUT_DATA_DIR": str(container.output_data_dir),
        "SM_OUTPUT_INTERMEDIATE_DIR": str(container.root / "output" / "intermediate"),
        "SM_CHANNELS": json.dumps(sorted(container.channels)),
        **{
            f"SM_CHANNEL_{name.upper()}": str(container.channel_dir(name))
            for name in container.channels
        },
        "SM_HPS": json.dumps(hyperparameters),
        **{
            f"SM_HP_{name.upper()}": toolkit.variable(value)
            for name, value in hyperparameters.items()
        },
        **container.environment,
        # SageMaker's toolkits look here instead of in /opt/ml.
        MARKER: str(container.root),
    }
    return {name: value for name, value in variables.items() if _can_be_carried(name, value)}


def _can_be_carried(name: str, value: str) -> bool:
    try:
        os.fsencode(name + value)
    except UnicodeEncodeError:
        return False
    return bool(name) and "=" not in name and "\0" not in name + value


def _input_data_config(container: Container) -> dict[str, dict[str, str]]:
    return {name: channel.to_config() for name, channel in container.channels.items()}


def _resource_config() -> dict[str, Any]:
    return {"current_host": HOST, "hosts": [HOST], "network_interface_name": _NETWORK_INTERFACE}
