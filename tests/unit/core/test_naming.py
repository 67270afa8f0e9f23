"""Names of tuning jobs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagemaker_tuning.core.naming import (
    LaunchIdentity,
    fingerprint,
    later_generation,
    launch_epoch,
)

_NAME = re.compile(r"(?=.{1,32}$)[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}")
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html"""
_DIGEST = "abcdefghij"
_IDS = st.text(max_size=250)
_IDENTITIES = st.builds(
    LaunchIdentity,
    namespace=_IDS,
    dag_id=_IDS,
    run_id=_IDS,
    task_id=_IDS,
    map_index=st.integers(-1, 100_000),
)


@given(_IDENTITIES, st.integers(0, 999), st.integers(1, 99))
def test_every_identity_has_a_valid_name(
    identity: LaunchIdentity, epoch: int, generation: int
) -> None:
    """Whatever Airflow allows as an id, AWS accepts the name, the same one each time."""
    name = identity.tuning_job_name(epoch=epoch, generation=generation)
    assert _NAME.fullmatch(name)
    assert name == identity.tuning_job_name(epoch=epoch, generation=generation)


def test_a_name_says_which_task_it_is_of() -> None:
    """A person who reads the console finds the DAG and the task in the name."""
    identity = LaunchIdentity("", "churn", "scheduled__2026-01-01", "tune")
    name = identity.tuning_job_name(epoch=0, generation=1)
    assert name.startswith("churn-tune-")
    assert name.endswith("-001")


@given(_IDENTITIES, _IDENTITIES)
def test_different_identities_have_different_names(a: LaunchIdentity, b: LaunchIdentity) -> None:
    """Two task instances share a name only if they are the same one."""
    same = a.tuning_job_name(epoch=0, generation=1) == b.tuning_job_name(epoch=0, generation=1)
    assert same == (a == b)


def test_ids_do_not_run_together() -> None:
    """Moving a character from one id to the next gives another identity."""
    assert LaunchIdentity("", "ab", "c", "d").digest != LaunchIdentity("", "a", "bc", "d").digest


def test_epochs_and_generations_have_names_of_their_own() -> None:
    """No two pairs of epoch and generation share a name, also where their digits would."""
    identity = LaunchIdentity("", "dag", "run", "task")
    pairs = [(epoch, generation) for epoch in range(30) for generation in range(1, 100)]
    names = {identity.tuning_job_name(epoch=e, generation=g) for e, g in pairs}
    assert len(names) == len(pairs)


@pytest.mark.parametrize("generation", [0, 100])
def test_a_generation_out_of_range_is_refused(generation: int) -> None:
    """The hundredth job of a task instance has no name."""
    with pytest.raises(ValueError, match=f"generation {generation} is not within 1 to 99"):
        LaunchIdentity("", "dag", "run", "task").tuning_job_name(epoch=0, generation=generation)


@given(st.from_regex(_NAME, fullmatch=True))
def test_later_generations_of_a_chosen_name_are_valid(name: str) -> None:
    """The first job has the name as the user wrote it; later ones stay within AWS's rules."""
    assert later_generation(name, _DIGEST, epoch=0, generation=1) == name
    later = later_generation(name, _DIGEST, epoch=0, generation=2)
    assert _NAME.fullmatch(later)
    assert later != name or name.endswith("-002")


def test_the_fingerprint_does_not_depend_on_key_order() -> None:
    """Two spellings of one request are one request; another value is another."""
    assert fingerprint({"a": 1, "b": [1, 2]}) == fingerprint({"b": [1, 2], "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})
    assert fingerprint({}).startswith("v1:")


def test_chosen_names_that_are_cut_stay_apart() -> None:
    """Two long names that differ at their ends have different later generations."""
    later = {
        later_generation(f"churn-model-tuning-prod-{day}", digest, epoch=0, generation=2)
        for day, digest in (("20260101", "abcdefghij"), ("20260102", "klmnopqrst"))
    }
    assert later == {"churn-model-tuning-prod-abcd-002", "churn-model-tuning-prod-klmn-002"}


@pytest.mark.parametrize(
    ("max_tries", "retries", "try_number", "epoch"),
    [
        (3, 3, 1, 0),  # never cleared
        (3, 3, 4, 0),  # its last retry
        (5, 3, 3, 2),  # cleared after its second try
        (5, 3, 6, 2),  # and retried since
        (2, 9, 2, 0),  # retries was raised in the DAG file since
        (9, 0, 2, 1),  # retries was lowered: never above the tries there were
    ],
)
def test_the_epoch_is_the_try_at_the_last_clear(
    max_tries: int, retries: int, try_number: int, epoch: int
) -> None:
    """A retry stays in its epoch; each Clear of the finished task begins the next."""
    assert launch_epoch(max_tries=max_tries, retries=retries, try_number=try_number) == epoch
