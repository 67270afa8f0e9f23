"""What a List tells of the tuning jobs that are watched."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import AwsCallFailed
from sagemaker_tuning.triggers.calls import may_pass

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sagemaker_tuning.hooks.tuning import SageMakerTuningHook
    from sagemaker_tuning.triggers.calls import Calls
    from sagemaker_tuning.triggers.watch import Watch

_DENIED_CODES = frozenset({"AccessDenied", "AccessDeniedException", "NotAuthorized"})
_DENIED_SECONDS = 600.0


class Listing:
    """Lists the tuning jobs in progress, as far back as the oldest that is watched.

    Args:
        calls: Makes the calls.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._pages = 1
        self._refusal = ""
        self._denied_until = float("-inf")

    def is_dearer_than(self, describes: int) -> bool:
        """Whether a List takes at least as many calls as there would be to describe each job.

        That is so by the last one, and less so each time: now and then it is seen anew.
        """
        if describes > self._pages:
            return False
        self._pages = max(1, self._pages - 1)
        return True

    async def summaries(self, watches: Sequence[Watch]) -> dict[str, Mapping[str, Any]] | None:
        """Give the summaries of what is watched and in progress, by name in lower case.

        Returns:
            None where AWS refuses to list, which each wait is told once. Where the role may not,
            it is asked again after ten minutes.

        Raises:
            AwsCallFailed: It may pass.
        """
        now = asyncio.get_running_loop().time()
        if now >= self._denied_until:
            try:
                return await self._list(watches)
            except AwsCallFailed as error:
                if may_pass(error):
                    raise
                self._refusal = f"{error}; describing tuning jobs in turn, so their news are late"
                if error.code in _DENIED_CODES:
                    self._denied_until = now + _DENIED_SECONDS
        for watch in watches:
            watch.warn_once(self._refusal)
        return None

    async def _list(self, watches: Sequence[Watch]) -> dict[str, Mapping[str, Any]]:
        missing = {each.name.lower(): each for each in watches if not each.is_ended}
        found: dict[str, Mapping[str, Any]] = {}
        token, pages = None, 0
        while True:
            page = await self._calls.make(partial(_page, token=token))
            pages += 1
            summaries = page["HyperParameterTuningJobSummaries"]
            for summary in summaries:
                name = summary["HyperParameterTuningJobName"].lower()
                if missing.pop(name, None) is not None:
                    found[name] = summary
            token = page.get("NextToken")
            if not token or _are_passed(missing.values(), summaries):
                self._pages = pages
                return found


def _page(hook: SageMakerTuningHook, token: str | None) -> dict[str, Any]:
    return hook.live_tuning_jobs(token)


def _are_passed(missing: Collection[Watch], summaries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the pages to come, of older jobs, can have none of what is missing."""
    if not missing:
        return True
    if not summaries:
        return False
    oldest = summaries[-1]["CreationTime"]
    return all(each.created_at is not None and each.created_at > oldest for each in missing)
