"""JSONPaths of CSV: what they choose, and which are none."""

import pytest

from sagemaker_tuning.local.transform.columns import Columns, ColumnsError
from sagemaker_tuning.local.transform.failures import InputError

ROW = ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("path", "chosen"),
    [
        ("$", "abcde"),
        ("$[*]", "abcde"),
        ("$[:]", "abcde"),
        ("$[0]", "a"),
        ("$[-1]", "e"),
        ("$[0,-1]", "ae"),
        ("$[ 2 , 0, 0 ]", "caa"),
        ("$[1:]", "bcde"),
        ("$[-2:]", "de"),
        # The page says so: from the second column to the fifth, and from the first to the third.
        ("$[1:4]", "bcde"),
        ("$[:2]", "abc"),
        # The example of the API's reference.
        ("$[0,3:]", "ade"),
    ],
)
def test_chosen_columns(path: str, chosen: str) -> None:
    """By index and by range, whose end belongs to it, in the order in which they are named."""
    assert "".join(Columns.parse(path).of(ROW)) == chosen


@pytest.mark.parametrize("path", ["$", "$[*]", "$[:]", "$[0:]"])
def test_all_columns(path: str) -> None:
    """They need not be told apart at all."""
    assert Columns.parse(path).are_all
    assert not Columns.parse("$[1:]").are_all


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "only JSONPaths of its indexes"),
        ("$.features", "only JSONPaths of its indexes"),
        ("$['id','SageMakerOutput']", "is neither an index"),
        ("$[]", "only JSONPaths of its indexes"),
        ("[1:]", "only JSONPaths of its indexes"),
        ("$[1:3:2]", "is neither an index"),
        ("$[1:-1]", "is neither an index"),
        ("$[1,]", "is neither an index"),
        ("$[1.5]", "is neither an index"),
        ("$[0:2,4:]", "Format [0:2,4:] is not supported"),
        ("$[3:1]", "ends before it begins"),
    ],
)
def test_what_csv_is_not_filtered_by(path: str, words: str) -> None:
    """Where AWS's own words are known they are said; an end from behind has two readings."""
    with pytest.raises(ColumnsError) as refused:
        Columns.parse(path)
    assert words in str(refused.value)


@pytest.mark.parametrize("path", ["$[5]", "$[-6]", "$[1:5]", "$[5:]", "$[0,9]"])
def test_columns_that_a_row_lacks(path: str) -> None:
    """They are an error, as on AWS, and not left out."""
    with pytest.raises(InputError, match="is not within the 5 columns"):
        Columns.parse(path).of(ROW)
