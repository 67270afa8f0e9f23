"""libsvm as built-in XGBoost reads it: ``<label>[:<weight>] [qid:<group>] <index>:<value> ...``."""

import math
import re
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from scipy import sparse

from sagemaker_tuning.local.training.failures import UserError
from sagemaker_tuning.local.training.xgboost.channels import shown
from sagemaker_tuning.local.training.xgboost.rows import Rows

_SNIPPET: Final = 50
_GROUP: Final = "qid:"
_INDEX: Final = re.compile(r"\d+")


def read(files: Sequence[Path], directory: Path) -> Rows:
    """Read ``files``, at least one, of the channel in ``directory``.

    The index of a feature is its column: indices that begin at 1 leave column 0 empty.

    Raises:
        UserError: A file is not libsvm; it says which file, line and token.
    """
    reader = _Reader()
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, start=1):
                tokens = line.partition("#")[0].split()
                if not tokens:
                    continue
                wrong = reader.add(tokens)
                if wrong:
                    raise UserError(
                        f"Failed to load libsvm data: {shown(file, directory)}, line {number}: "
                        f"{wrong[:_SNIPPET]!r} is not '<index>:<value>', "
                        "nor at the line's beginning '<label>' or '<label>:<weight>'"
                    )
    return reader.rows()


class _Reader:
    """Collects the rows of one channel."""

    def __init__(self) -> None:
        self._labels = array("d")
        self._weights = array("d")
        self._groups = array("q")
        self._columns = array("q")
        self._values = array("d")
        self._ends = array("q", [0])

    def add(self, tokens: list[str]) -> str | None:
        """Add a line's tokens, or return the one that is wrong."""
        label, *features = tokens
        try:
            self._add_label(label)
        except ValueError:
            return label
        if features and features[0].startswith(_GROUP):
            group = features.pop(0).removeprefix(_GROUP)
            if not _INDEX.fullmatch(group):
                return _GROUP + group
            self._groups.append(int(group))
        for feature in features:
            column, _, value = feature.partition(":")
            try:
                self._values.append(_finite(value))
            except ValueError:
                return feature
            if not _INDEX.fullmatch(column):
                return feature
            self._columns.append(int(column))
        self._ends.append(len(self._columns))
        return None

    def _add_label(self, token: str) -> None:
        label, colon, weight = token.partition(":")
        self._labels.append(_finite(label))
        self._weights.append(_finite(weight) if colon else 1.0)

    def rows(self) -> Rows:
        """All lines; groups only if every line names one."""
        features = sparse.csr_matrix(
            (
                np.array(self._values, dtype=np.float32),
                np.array(self._columns),
                np.array(self._ends),
            ),
            shape=(len(self._labels), max(self._columns, default=-1) + 1),
        )
        grouped = len(self._groups) == len(self._labels)
        weights = np.array(self._weights, dtype=np.float32)
        return Rows(
            features=features,
            labels=np.array(self._labels, dtype=np.float32),
            weights=None if (weights == 1).all() else weights,
            groups=np.array(self._groups) if grouped else None,
        )


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value
