"""CSV with numbers, missing values and mistakes."""

from pathlib import Path

import numpy as np
import pytest

from sagemaker_tuning.local.training.failures import UserError
from sagemaker_tuning.local.training.xgboost import csv_file
from sagemaker_tuning.local.training.xgboost.rows import Rows


def read(directory: Path, *texts: str, weighted: bool = False) -> Rows:
    """Read ``texts`` as the files of a channel named train."""
    channel = directory / "train"
    channel.mkdir(exist_ok=True)
    files = [channel / f"part-{number}.csv" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_bytes(text.encode())
    return csv_file.read(files, channel, weighted=weighted)


@pytest.mark.parametrize(
    "text",
    [
        "1,2,3\n0,4,5\n",
        "1,2,3\n0,4,5",
        "1,2,3\r\n0,4,5\r\n",
        "\n1,2,3\n\n0,4,5\n\n",
        "1, 2, 3\n 0,4 ,5\n",
        "1,2,3\n   \n0,4,5\n",
        "1;2;3\n0;4;5\n",
        "1\t2\t3\n0\t4\t5\n",
        "1|2|3\n0|4|5\n",
        "1 2 3\n0 4 5\n",
        "1.0,+2,3e0\n-0,.4e1,5.\n",
    ],
)
def test_the_label_comes_first(tmp_path: Path, text: str) -> None:
    """Whatever the line ends, blanks and delimiter."""
    rows = read(tmp_path, text)
    assert rows.labels.tolist() == [1, 0]
    assert rows.features.tolist() == [[2, 3], [4, 5]]
    assert rows.weights is None


def test_numbers_are_rounded_once(tmp_path: Path) -> None:
    """Every value is the 32-bit float nearest to what NumPy reads, on both ways through."""
    values = np.random.default_rng(0).normal(size=(200, 5))
    text = "\n".join(",".join(map(repr, row)) for row in values.tolist())
    expected = values.astype(np.float32)
    fast = read(tmp_path, text)
    assert np.array_equal(np.column_stack([fast.labels, fast.features]), expected)
    slow = read(tmp_path, f"{text}\n1,,1,1,1\n")
    assert np.array_equal(np.column_stack([slow.labels, slow.features])[:-1], expected)


@pytest.mark.parametrize("text", ["1,,3\n0,4,\n", "1,nan,3\n0,4,NaN\n", "1, ,3\n0,4, \n"])
def test_an_empty_cell_is_a_missing_value(tmp_path: Path, text: str) -> None:
    """Written as nothing or as NaN."""
    features = read(tmp_path, text).features
    assert np.isnan(features).tolist() == [[True, False], [False, True]]


def test_files_follow_each_other(tmp_path: Path) -> None:
    """The rows of all files, in their order."""
    assert read(tmp_path, "1,2\n", "0,3\n1,4\n").labels.tolist() == [1, 0, 1]


def test_the_second_column_can_be_the_weight(tmp_path: Path) -> None:
    """With csv_weights."""
    rows = read(tmp_path, "1,0.5,3\n0,2,5\n", weighted=True)
    assert rows.weights is not None
    assert rows.weights.tolist() == [0.5, 2]
    assert rows.features.tolist() == [[3], [5]]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1,2\n0,x\n", "train/part-0.csv, line 2, column 2: 'x' is not a number"),
        ("1,2\n\n0,x\n", "line 3, column 2: 'x' is not a number"),
        ("label,age\n1,2\n", "line 1, column 1: 'label' is not a number; the first line is data"),
        ('1,"2"\n', "line 1, column 2: '\"2\"' is not a number"),
        ("1,2\n0,1_000\n", "line 2, column 2: '1_000' is not a number"),
        ("1,2\n0,3,4\n", "line 2 has 3 columns, the lines above have 2"),
        ("1,,2\n0,3\n", "line 2 has 2 columns, the lines above have 3"),
        ("1,2\n,3\n", "line 2, column 1: the label is missing"),
        ("1,2\nnan,3\n", "line 2, column 1: the label is missing"),
        ("1,2\n0,inf\n", "line 2, column 2: inf is beyond what a 32-bit float holds"),
        ("1,2\n0,1e60\n", "line 2, column 2: 1e+60 is beyond"),
        ("inf,2\n", "line 1, column 1: inf is beyond"),
        ("7\n8\n", "Could not determine delimiter on line '7' of train/part-0.csv"),
        ("1,2\n\xff\xfe,3\n", "line 2, column 1"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, text: str, told: str) -> None:
    """File, line, column and value."""
    with pytest.raises(UserError) as raised:
        read(tmp_path, text)
    assert told in str(raised.value)


def test_a_missing_weight_is_told(tmp_path: Path) -> None:
    """With the line and column of the weight."""
    with pytest.raises(UserError, match="line 2, column 2: the weight is missing"):
        read(tmp_path, "1,1,2\n0,,2\n", weighted=True)


def test_no_features_are_told(tmp_path: Path) -> None:
    """A label and a weight alone are nothing to learn from."""
    with pytest.raises(UserError, match="has no features"):
        read(tmp_path, "1,1\n0,1\n", weighted=True)


def test_files_of_different_width_are_told(tmp_path: Path) -> None:
    """Both by name, with their columns."""
    with pytest.raises(UserError, match=r"part-1\.csv has 3 columns, train/part-0\.csv has 2"):
        read(tmp_path, "1,2\n", "1,2,3\n")


def test_undecodable_text_is_no_number(tmp_path: Path) -> None:
    """A binary file, such as a gzip that nobody unpacked, is a mistake on its first line."""
    channel = tmp_path / "train"
    channel.mkdir()
    file = channel / "data.csv.gz"
    file.write_bytes(b"\x1f\x8b\x08,\xff\xfe\n")
    with pytest.raises(UserError, match=r"train/data\.csv\.gz, line 1, column 1"):
        csv_file.read([file], channel, weighted=False)
