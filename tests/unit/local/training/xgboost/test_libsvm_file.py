"""libsvm with weights, groups and mistakes."""

from pathlib import Path

import pytest
from scipy import sparse

from sagemaker_tuning.local.training.failures import UserError
from sagemaker_tuning.local.training.xgboost import libsvm_file
from sagemaker_tuning.local.training.xgboost.rows import Rows


def read(directory: Path, *texts: str) -> Rows:
    """Read ``texts`` as the files of a channel named train."""
    channel = directory / "train"
    channel.mkdir()
    files = [channel / f"part-{number}" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_bytes(text.encode())
    return libsvm_file.read(files, channel)


def matrix(rows: Rows) -> sparse.csr_matrix:
    """The features, which are sparse here."""
    assert sparse.issparse(rows.features)
    return rows.features


def test_a_features_index_is_its_column(tmp_path: Path) -> None:
    """What a line does not name is missing; columns begin at 0."""
    rows = read(tmp_path, "1 0:5 2:7\r\n\n-1 1:0.5  # a comment\n", "0\n")
    assert rows.labels.tolist() == [1, -1, 0]
    assert matrix(rows).toarray().tolist() == [[5, 0, 7], [0, 0.5, 0], [0, 0, 0]]
    assert matrix(rows).nnz == 3
    assert rows.weights is None
    assert rows.groups is None


def test_a_zero_that_is_written_is_a_value(tmp_path: Path) -> None:
    """XGBoost tells zero from missing."""
    assert matrix(read(tmp_path, "1 0:0 1:1\n")).nnz == 2


def test_weights_and_groups(tmp_path: Path) -> None:
    """A label's weight, 1 where there is none, and the query for ranking."""
    rows = read(tmp_path, "1:0.5 qid:3 0:1\n0 qid:4 0:2\n")
    assert rows.weights is not None
    assert rows.weights.tolist() == [0.5, 1]
    assert rows.groups is not None
    assert rows.groups.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("line", "token"),
    [
        ("x 0:1", "x"),
        ("1:w 0:1", "1:w"),
        ("1 0:1 2", "2"),
        ("1 a:1", "a:1"),
        ("1 -1:1", "-1:1"),
        ("1 0:", "0:"),
        ("1 0:x", "0:x"),
        ("1 0:inf", "0:inf"),
        ("nan 0:1", "nan"),
        ("1 qid:x 0:1", "qid:x"),
        ("1,2,3", "1,2,3"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, line: str, token: str) -> None:
    """File, line and token."""
    with pytest.raises(UserError) as raised:
        read(tmp_path, f"1 0:1\n{line}\n")
    assert f"train/part-0, line 2: {token!r} is not '<index>:<value>'" in str(raised.value)
