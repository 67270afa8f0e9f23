"""Built-in XGBoost's checkpoints: the model so far, a file a round, as its container keeps them.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints.html
"""

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import xgboost
from xgboost.callback import TrainingCallback

_log = logging.getLogger(__name__)

_NAME: Final = "xgboost-checkpoint"
_FORM: Final = re.compile(rf"{_NAME}\.([0-9]+)")
_KEPT: Final = 5
_TRIED: Final = 5


def newest(directory: Path | None, rounds: int) -> tuple[xgboost.Booster | None, int]:
    """The last of the checkpoints that can be loaded, and how many rounds it has.

    Args:
        directory: Where they are, None where a training job has none.
        rounds: How many there are to be. One is always left to do, although the container leaves
            none: AWS has the metrics of all attempts, here only the last attempt's line has them.

    Returns:
        No model and 0 rounds where there is no checkpoint.
    """
    if directory is None:
        return None, 0
    found = {
        int(match.group(1)): path
        for path in directory.iterdir()
        if (match := _FORM.fullmatch(path.name)) and int(match.group(1)) + 1 < rounds
    }
    for number in sorted(found, reverse=True)[:_TRIED]:
        path = found[number]
        try:
            model = xgboost.Booster(model_file=bytearray(path.read_bytes()))
        except xgboost.core.XGBoostError:  # it was not written to its end
            continue
        _log.info("Checkpoint loaded from %s", path)
        _log.info("Resuming from iteration %s", number + 1)
        return model, number + 1
    return None, 0


class SaveCheckpoint(TrainingCallback):
    """Saves each round's model and deletes its own that are older than the newest five.

    Args:
        directory: Where they go.
        start: The number of the first round.
    """

    def __init__(self, directory: Path, start: int) -> None:
        super().__init__()
        self._directory = directory
        self._start = start

    def after_iteration(
        self, model: Any, epoch: int, _evals_log: Mapping[str, Mapping[str, Sequence[Any]]]
    ) -> bool:
        """Save the round that has just ended; training goes on."""
        number = self._start + epoch
        # With this ending it is not copied to S3.
        unfinished = self._directory / f"{_NAME}.sagemaker-ignore"
        unfinished.write_bytes(model.save_raw("ubj"))
        unfinished.replace(self._path(number))
        if number - _KEPT >= self._start:
            self._path(number - _KEPT).unlink(missing_ok=True)
        return False

    def _path(self, number: int) -> Path:
        return self._directory / f"{_NAME}.{number}"
