"""The account has no room for all that is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.waiting import until

if TYPE_CHECKING:
    from tests.integration.crashes.case import Case


def test_twelve_where_there_is_room_for_five(case: Case) -> None:
    """Of twelve tasks with a quota of five tuning jobs, seven wait until there is room."""
    and_the_bystander = 1
    quota = {"kind": "quota", "resource": "tuning-jobs", "limit": 5 + and_the_bystander}
    with case.deployment.faults(quota) as used:
        runs = [case.start("deferred") for _ in range(12)]
        until(lambda: used()[0] >= 7, "seven are refused")
        assert [len(run.tuning_jobs()) for run in runs].count(1) == 5
        for run in runs:
            run.let_training_end()
        for run in runs:
            assert run.await_end() == "success"
    case.holds()
