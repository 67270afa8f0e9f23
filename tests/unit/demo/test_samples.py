"""The sample data: always the same, label first, every class in every part."""

import numpy as np
import pytest

from demo import samples


@pytest.mark.parametrize("data_set", samples.DATA_SETS)
def test_a_split_is_always_the_same(data_set: str) -> None:
    """Two runs of the demo train on the same rows, none of which is in two channels."""
    first, second = samples.split(data_set), samples.split(data_set)
    assert list(first) == ["train", "validation", "test"]
    for channel, rows in first.items():
        np.testing.assert_array_equal(rows, second[channel])
    rows = np.concatenate(list(first.values()))
    whole = samples.to_csv(rows).splitlines()
    in_channels = [set(samples.to_csv(part).splitlines()) for part in first.values()]
    assert set(whole) == set.union(*in_channels)
    assert len(first["train"]) == pytest.approx(0.6 * len(rows), abs=1)


@pytest.mark.parametrize(("data_set", "classes"), [("breast_cancer", 2), ("digits", 10)])
def test_each_channel_has_each_class(data_set: str, classes: int) -> None:
    """The label is the first column, and a class that is not trained on could not be told."""
    for rows in samples.split(data_set).values():
        assert sorted(set(rows[:, 0])) == list(range(classes))


def test_csv_has_no_header() -> None:
    """As built-in XGBoost wants it."""
    assert samples.to_csv(np.array([[1, 0.5], [0, 1e-7]])) == b"1,0.5\n0,1e-07\n"
