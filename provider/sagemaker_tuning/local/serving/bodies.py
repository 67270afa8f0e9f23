"""Bodies of invocations, read and written as the built-in XGBoost container does.

https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost.html#InputOutput-XGBoost
"""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from sagemaker_tuning.local.serving.messages import Form

_CSV = "text/csv"
_JSON = "application/json"
_LIBSVM = ("text/libsvm", "text/x-libsvm")
# What transform jobs may accept; they get lines in any case.
_BATCH = frozenset({"", "*/*", _CSV, _JSON, "application/jsonlines"})
_INDEX_DIGITS = 9


class BodyError(Exception):
    """The container refuses a body, with a status of HTTP's."""

    def __init__(self, message: str, status: HTTPStatus) -> None:
        super().__init__(message)
        self.status = status


def parse(content_type: str, body: bytes) -> Any:
    """The rows of a body: an array for CSV, a sparse matrix for libsvm.

    Raises:
        BodyError: it is of another type, or not what its type says, or has no rows.
    """
    kind = _kind(content_type) or _CSV
    if kind != _CSV and kind not in _LIBSVM:
        raise BodyError(
            f"Content type {kind} is not supported; use {_CSV} or {_LIBSVM[0]}.",
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        )
    try:
        lines = _filled_lines(body.decode())
        with np.errstate(over="ignore"):  # which is refused
            rows = _csv(lines) if kind == _CSV else _libsvm(lines)
        _require_finite(rows)
    except ValueError as error:  # what is not UTF-8 among them
        name = "csv" if kind == _CSV else "libsvm"
        raise BodyError(
            f"Loading {name} data failed with Exception, please ensure data is in {name} format:"
            f" {error}",
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ) from error
    return rows


def fit(rows: Any, features: int) -> Any:
    """The rows as wide as the model is.

    In libsvm's form, the features that a row does not name are missing at its end too.

    Raises:
        BodyError: CSV with another number of features, libsvm with a feature too many.
    """
    width = rows.shape[1]
    if isinstance(rows, csr_matrix):
        if width > features:
            raise _unfit(
                f"Feature size of libsvm inference data {width} is larger than feature size of"
                f" trained model {features}."
            )
        return csr_matrix((rows.data, rows.indices, rows.indptr), (rows.shape[0], features))
    if width != features:
        raise _unfit(
            f"Feature size of {_CSV} inference data {width} is not consistent with feature size"
            f" of trained model {features}."
        )
    return rows


def write(accept: str, predictions: Sequence[Any], form: Form) -> tuple[str, str]:
    """Content type and body of an answer.

    Args:
        accept: the types that are accepted; CSV if it names none.
        predictions: a number for each row, or a list of one for each class.
        form: how the container writes them.

    Raises:
        BodyError: nothing that is accepted can be written.
    """
    kinds = [_kind(each) for each in accept.split(",")]
    if form is Form.BATCH and _BATCH & set(kinds):
        return kinds[0] or _CSV, "".join(f"{each}\n" for each in predictions)
    if not accept.strip() or {"*/*", "text/*", _CSV} & set(kinds):
        text = ",".join(map(str, predictions)) if form is Form.ONE_LINE else _lines(predictions)
        return f"{_CSV}; charset=utf-8", text
    if _JSON in kinds:
        scores = [{"score": each} for each in predictions]
        return _JSON, json.dumps({"predictions": scores})
    raise BodyError(
        f"Accept type {accept} is not supported; use {_CSV} or {_JSON}.",
        HTTPStatus.NOT_ACCEPTABLE,
    )


def _unfit(message: str) -> BodyError:
    return BodyError(f"Unable to evaluate payload provided: {message}", HTTPStatus.BAD_REQUEST)


def _lines(predictions: Sequence[Any]) -> str:
    rows = (each if isinstance(each, list) else [each] for each in predictions)
    return "".join(f"{','.join(map(str, row))}\n" for row in rows)


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _filled_lines(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise ValueError("the body has no rows")
    return lines


def _csv(lines: Sequence[str]) -> Any:
    rows = [line.split(",") for line in lines]
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise ValueError(f"row {number} has {len(row)} values, where row 1 has {len(rows[0])}")
    # An empty value is a missing one.
    return np.array(
        [
            [_number(text.strip() or "nan", number) for text in row]
            for number, row in enumerate(rows, start=1)
        ],
        dtype=np.float32,
    )


def _libsvm(lines: Sequence[str]) -> Any:
    data: list[float] = []
    indices: list[int] = []
    starts = [0]
    for number, line in enumerate(lines, start=1):
        for pair in line.split():
            index, colon, value = pair.partition(":")
            if not colon:  # a label, which a row may begin with
                continue
            if not index.isdecimal() or len(index) > _INDEX_DIGITS:
                raise ValueError(f"row {number} has {pair!r}, which is not INDEX:VALUE")
            indices.append(int(index))
            data.append(_number(value, number))
        starts.append(len(data))
    width = max(indices, default=-1) + 1
    return csr_matrix((np.array(data, dtype=np.float32), indices, starts), (len(lines), width))


def _require_finite(rows: Any) -> None:
    if np.isinf(rows.data if isinstance(rows, csr_matrix) else rows).any():
        raise ValueError("a value is infinite or too large for 32 bits")


def _number(text: str, row: int) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"row {row} has {text!r}, which is not a number") from None
