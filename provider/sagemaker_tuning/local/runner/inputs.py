"""The input data of a tuning job's training jobs, and the scripts that they run."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from sagemaker_tuning.local import manifest, objects
from sagemaker_tuning.local.definition import Definition
from sagemaker_tuning.local.training import toolkit
from sagemaker_tuning.local.wire import Document

# Not the name of a channel.
_SOURCE = Path("@code", "sourcedir.tar.gz")


def source(inputs: Path) -> Path | None:
    """The archive of the script among a definition's inputs, None where there is none."""
    archive = inputs / _SOURCE
    return archive if archive.exists() else None


class Inputs:
    """Each definition's inputs, downloaded when first asked for and shared by all training jobs.

    Not thread-safe: the tuning job's own thread asks.

    Args:
        directory: where the data goes.
        definitions: the tuning job's.
    """

    def __init__(self, directory: Path, definitions: Sequence[Definition]) -> None:
        self._directory = directory
        self._definitions = definitions
        self._found: dict[int, Path | objects.S3AccessError] = {}

    def of(self, index: int) -> Path | objects.S3AccessError:
        """The directory with a definition's channels, one below it each, or why there is none."""
        found = self._found.get(index)
        if found is None:
            found = self._found[index] = self._download(index)
        return found

    def delete(self) -> None:
        """Removes the data."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def _download(self, index: int) -> Path | objects.S3AccessError:
        directory = self._directory / str(index)
        definition = self._definitions[index]
        try:
            for channel in definition.channels:
                _download_channel(channel, directory / channel["ChannelName"])
            _download_source(definition, directory)
        except objects.S3AccessError as error:
            return error
        return directory


def _download_channel(channel: Document, target: Path) -> None:
    target.mkdir(parents=True)
    data = channel["DataSource"]["S3DataSource"]
    if data.get("S3DataType") == "ManifestFile":
        manifest.download(data["S3Uri"], target)
    else:
        objects.download(data["S3Uri"], target)


def _download_source(definition: Definition, directory: Path) -> None:
    static = definition.static_hyperparameters
    submitted = toolkit.decoded(static.get(toolkit.SUBMIT_DIRECTORY, ""))
    if toolkit.is_script_mode(static) and str(submitted).startswith("s3://"):
        objects.download_object(submitted, directory / _SOURCE.parent, _SOURCE.name)
