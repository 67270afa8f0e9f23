"""The input channels of built-in XGBoost, their content types and their files."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sagemaker_tuning.local.training.container import Channel
from sagemaker_tuning.local.training.failures import UserError

_log = logging.getLogger(__name__)

CSV: Final = "csv"
LIBSVM: Final = "libsvm"

_FORMATS: Final = {
    "csv": CSV,
    "text/csv": CSV,
    "libsvm": LIBSVM,
    "text/libsvm": LIBSVM,
    "text/x-libsvm": LIBSVM,
}
# The container reads these too, with libraries that the local endpoint does not ask for.
_NOT_READ_HERE: Final = (
    "parquet",
    "application/x-parquet",
    "recordio-protobuf",
    "application/x-recordio-protobuf",
)
_CHANNELS: Final = ("train", "validation", "code")
_DEEPEST: Final = 3


def check(channels: Mapping[str, Channel]) -> None:
    """Refuse channels that the container refuses.

    Raises:
        UserError: ``train`` is missing, or a channel is unknown or not read as files.
    """
    if "train" not in channels:
        raise UserError("Missing required channel: train")
    for name, channel in channels.items():
        if name not in _CHANNELS:
            raise UserError(f"Extraneous channel found: {name}")
        if channel.input_mode == "Pipe":
            raise UserError(
                f"Pipe mode is not supported for channel '{name}'. "
                "Set TrainingInputMode to 'File' or 'FastFile'."
            )


def file_format(content_type: str | None) -> str:
    """``csv`` or ``libsvm``, libsvm without a content type.

    Raises:
        UserError: It is none of these, or says that there is not exactly one label column.
    """
    if content_type is None:
        return LIBSVM
    name, *parameters = (part.strip() for part in content_type.lower().split(";"))
    if name in _NOT_READ_HERE:
        raise UserError(
            f"{content_type} is not read by the local SageMaker endpoint, which reads these "
            f"content types: {', '.join(_FORMATS)}."
        )
    if name not in _FORMATS:
        raise UserError(
            f"{content_type} is not an accepted ContentType: "
            f"{', '.join((*_FORMATS, *_NOT_READ_HERE))}."
        )
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "label_size" and value.strip() != "1":
            raise UserError(
                f"{content_type} is not an accepted csv ContentType. "
                "Optional parameter label_size must be equal to 1"
            )
    return _FORMATS[name]


def data_files(directory: Path) -> list[Path]:
    """The files of a channel that have data, those of its folders included, sorted by path.

    Files whose name begins with an underscore, such as Spark's ``_SUCCESS``, are not data. Folders
    below the third level are left out with a word in the log, as the container leaves them out.

    Raises:
        UserError: There is a hidden file.
    """
    files = []
    for path in sorted(directory.rglob("*")):
        if path.is_dir():
            continue
        if path.name.startswith("."):
            raise UserError(
                "Hidden file found in the data path! Remove that before training: "
                f"{shown(path, directory)}"
            )
        if path.name.startswith("_") or not path.stat().st_size:
            continue
        if len(path.relative_to(directory).parts) > _DEEPEST:
            _log.warning(
                "The depth of folder %s exceeds the limit %d. Files in deeper folders are not "
                "loaded: %s",
                directory,
                _DEEPEST,
                shown(path, directory),
            )
            continue
        files.append(path)
    return files


def shown(path: Path, directory: Path) -> str:
    """A file of the channel in ``directory`` as messages name it, ``train/part-0.csv``."""
    return str(path.relative_to(directory.parent))
