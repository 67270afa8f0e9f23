"""The input data of a tuning job's training jobs."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from sagemaker_tuning.local import objects
from sagemaker_tuning.local.definition import Definition


class Inputs:
    """Each definition's channels, downloaded when first asked for and shared by all training jobs.

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
        try:
            for channel in self._definitions[index].channels:
                target = directory / channel["ChannelName"]
                target.mkdir(parents=True)
                objects.download(channel["DataSource"]["S3DataSource"]["S3Uri"], target)
        except objects.S3AccessError as error:
            return error
        return directory
