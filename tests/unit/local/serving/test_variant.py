"""Predictors that are lost, damaged or replaced, and who gets to know."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xgboost

from sagemaker_tuning.local.serving.failures import RetiredError, ServingError
from sagemaker_tuning.local.serving.variant import Variant
from tests.contract.processes import children, wait_until_gone

ROWS = np.arange(12, dtype=np.float32).reshape(6, 2)


@pytest.fixture(scope="module")
def model() -> bytes:
    trained = xgboost.train({"nthread": 1}, xgboost.DMatrix(ROWS, ROWS[:, 0]), 2)
    return bytes(trained.save_raw())


@pytest.fixture
def variant(model: bytes) -> Iterator[Variant]:
    made = Variant("one", lambda: model)
    yield made
    made.close()


def predict(variant: Variant) -> float:
    return float(variant.invoke("text/csv", "", b"4,5").body)


def predictor(variant: Variant) -> int:
    """The id of a variant's process, which it starts if need be."""
    before = children(os.getpid())
    variant.start()
    (pid,) = children(os.getpid()) - before
    return pid


def test_a_lost_predictor_is_started_again(variant: Variant) -> None:
    """The next invocation is answered as if nothing had been."""
    pid = predictor(variant)
    before = predict(variant)
    os.kill(pid, signal.SIGKILL)
    wait_until_gone({pid})
    assert predict(variant) == before


def test_a_model_that_ends_its_process_is_no_more_than_a_failure() -> None:
    """An empty one does, in native code."""
    variant = Variant("one", lambda: b"")
    before = children(os.getpid())
    with pytest.raises(ServingError, match="its process ended unexpectedly"):
        variant.start()
    assert children(os.getpid()) == before


def test_what_is_closed_answers_no_more(variant: Variant) -> None:
    """And its process is gone."""
    pid = predictor(variant)
    variant.close()
    wait_until_gone({pid})
    with pytest.raises(RetiredError):
        predict(variant)


def test_what_is_retired_answers_first(variant: Variant) -> None:
    """Of many callers each gets a prediction, or is told to ask whoever has the place now."""
    expected = predict(variant)

    def call() -> float | None:
        try:
            return predict(variant)
        except RetiredError:
            return None

    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(call) for _ in range(100)]
        calls[10].result()
        variant.retire()
        answers = [each.result() for each in calls]
    assert expected in answers
    assert set(answers) <= {expected, None}
    with pytest.raises(RetiredError):
        predict(variant)
