"""What becomes of records before the model gets them, and of its answers after.

https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html
"""

import csv
import io
from collections.abc import Sequence

from sagemaker_tuning.local.transform.columns import Columns
from sagemaker_tuning.local.transform.failures import InputError
from sagemaker_tuning.local.transform.records import Batch
from sagemaker_tuning.local.wire import Document

DEFAULTS: Document = {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"}
"""`DataProcessing` where a request leaves it out: nothing is filtered, nothing joined."""

_Rows = list[list[str]]


class Processing:
    """The `DataProcessing` of a transform job, of CSV, and `AssembleWith`.

    Args:
        request: the transform job's, which has been checked.
    """

    def __init__(self, request: Document) -> None:
        asked = {**DEFAULTS, **request.get("DataProcessing", {})}
        self._input = Columns.parse(asked["InputFilter"])
        self._output = Columns.parse(asked["OutputFilter"])
        self._joins = asked["JoinSource"] == "Input"
        self._by_line = request["TransformOutput"].get("AssembleWith") == "Line"

    def payload(self, batch: Batch) -> bytes:
        """What the model gets of a batch.

        Raises:
            InputError: it is no CSV, though it is to be filtered, or lacks a column.
        """
        if self._input.are_all:
            return b"\n".join(batch)
        return _written([self._input.of(row) for row in _parsed(batch)])

    def assembled(self, batch: Batch, answer: bytes) -> bytes:
        """What the output gets of a batch.

        Raises:
            InputError: the answer cannot be joined to it, or lacks a column.
        """
        if self._output.are_all and not self._joins:
            return answer + b"\n" if self._by_line and not answer.endswith(b"\n") else answer
        rows = _parsed(answer.splitlines(), what="output from the algorithm")
        if self._joins:
            rows = _joined(_parsed(batch), rows)
        return _written([self._output.of(row) for row in rows])


def _joined(records: _Rows, answers: _Rows) -> _Rows:
    if len(records) != len(answers):
        raise InputError(
            f"Fail to join data: the input has {len(records)} records, and the output from the"
            f" algorithm {len(answers)}"
        )
    return [record + answer for record, answer in zip(records, answers, strict=True)]


def _parsed(lines: Sequence[bytes], *, what: str = "input") -> _Rows:
    try:
        # Each by itself: a quoted value cannot go on in the next line here.
        return [next(csv.reader([line.decode()], strict=True)) for line in lines]
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"Failed to parse {what} as CSV: {error}") from error


def _written(rows: _Rows) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
