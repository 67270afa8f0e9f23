"""Triggers that stop what they wait for when a person ends their task."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import TYPE_CHECKING

from airflow.triggers.base import BaseTrigger
from asgiref.sync import sync_to_async

from sagemaker_tuning._compat import is_still_deferred

if TYPE_CHECKING:
    from airflow.sdk.types import RuntimeTaskInstanceProtocol

_stopping: set[asyncio.Task[None]] = set()
"""The event loop itself keeps no task alive."""


class StopsOnKill(BaseTrigger):
    """A trigger that stops what it waits for when a person ends or clears its task.

    Its ``run`` calls ``on_kill`` where ``_compat.has_to_kill`` says so.
    """

    stop_on_kill: bool

    @property
    @abstractmethod
    def waited_for(self) -> str:
        """What would be stopped, for the log."""

    @abstractmethod
    async def stop_waited_for(self) -> None:
        """Stop it; what has ended is left as it is."""

    async def on_kill(self) -> None:
        """Stop it if a person ended the task."""
        if not self.stop_on_kill or self.task_instance is None:
            return
        # Airflow cancels a trigger again at every turn of its loop, about once a second, until it
        # is gone, its on_kill included: what has begun must not depend on that.
        stopping = asyncio.create_task(self._try_to_stop(self.task_instance))
        _stopping.add(stopping)
        stopping.add_done_callback(_stopping.discard)
        await asyncio.shield(stopping)

    async def _try_to_stop(self, ti: RuntimeTaskInstanceProtocol) -> None:
        try:
            await self._stop_if_ended(ti)
        except Exception:
            # Who awaits this may have been cancelled long ago.
            self.log.exception("Could not stop %s: it may run on", self.waited_for)
            raise

    async def _stop_if_ended(self, ti: RuntimeTaskInstanceProtocol) -> None:
        # Airflow also comes here when the trigger merely moves to another triggerer.
        if await sync_to_async(is_still_deferred)(ti):
            self.log.info("The task is still deferred; %s runs on", self.waited_for)
            return
        await self.stop_waited_for()
        self.log.info("The task was ended; stopped %s", self.waited_for)
