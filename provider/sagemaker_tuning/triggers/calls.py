"""The calls that all waits of an event loop and a connection make, through one client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import Context
from typing import TypeVar

from asgiref.sync import sync_to_async

from sagemaker_tuning.core.errors import AwsCallFailed, TuningJobNotFound
from sagemaker_tuning.hooks.tuning import SageMakerTuningHook
from sagemaker_tuning.triggers.pace import Pace

T = TypeVar("T")

AT_ONCE = 4

BuildHook = Callable[[], SageMakerTuningHook]
"""Looks up the connection and builds a hook with its client."""


def may_pass(error: BaseException) -> bool:
    """Whether a failed call is to be tried again, by then with credentials that are looked up anew.

    Who tries decides for how long refused credentials are to be believed good.
    """
    return isinstance(error, AwsCallFailed) and (error.is_transient or error.is_credential)


class Calls:
    """One client, a few threads that run its methods and nothing else, and a common pace.

    Args:
        build_hook: Called on the loop's thread for what is synchronous, and again when the
            credentials are no longer taken.
    """

    def __init__(self, build_hook: BuildHook) -> None:
        self._build_hook = build_hook
        self._hook: SageMakerTuningHook | None = None
        self._connecting: asyncio.Task[SageMakerTuningHook] | None = None
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sagemaker-tuning")
        # What botocore repeats for minutes must not hold up what cannot wait.
        self._urgent = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sagemaker-tuning-urgent")
        self._pace = Pace()

    def close(self) -> None:
        """Let the threads end; a call under way is not waited for."""
        for pool in (self._pool, self._urgent):
            pool.shutdown(wait=False, cancel_futures=True)

    async def make(self, call: Callable[[SageMakerTuningHook], T]) -> T:
        """Make a call when it is its turn.

        Raises:
            AwsCallFailed: AWS refuses or does not answer; see ``may_pass``.
            TuningJobNotFound: AWS answers that there is no such job.
        """
        await self._connected()  # what paces the calls is told of throttling by the client
        await self._pace.turn()
        return await self._run(self._pool, call)

    async def make_now(self, call: Callable[[SageMakerTuningHook], T]) -> T:
        """Make a call that cannot wait for its turn; raises as ``make``."""
        return await self._run(self._urgent, call)

    async def _run(self, pool: Executor, call: Callable[[SageMakerTuningHook], T]) -> T:
        hook = await self._connected()
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(pool, call, hook)
        except AwsCallFailed as error:
            # Several calls may have failed for the same credentials.
            if error.is_credential and self._hook is hook:
                self._hook = None  # built anew, with what the connection says then
            raise
        except TuningJobNotFound:
            self._pace.answered()
            raise
        self._pace.answered()
        return answer

    async def _connected(self) -> SageMakerTuningHook:
        if self._hook is not None:
            return self._hook
        if self._connecting is None:
            # In no task's context: what it logs belongs to none of those that wait for it.
            self._connecting = asyncio.create_task(self._connect(), context=Context())
        # Whoever else asks Airflow something in a triggerer of 3.0 would be given the answer to a
        # look-up that was broken off, and the triggerer would end for it.
        return await asyncio.shield(self._connecting)

    async def _connect(self) -> SageMakerTuningHook:
        try:
            # Not asyncio.to_thread: around Airflow's connection lookup it deadlocks the
            # triggerer of Airflow 3.0.
            hook = await sync_to_async(self._build_hook)()
        except Exception as error:
            # The connection was good when the job was launched, so this passes: Airflow's
            # API, a secrets backend or STS is out of reach. Each fails in its own way.
            msg = f"no client for now: {type(error).__name__}: {error}"
            raise AwsCallFailed(msg, is_transient=True) from error
        finally:
            self._connecting = None
        hook.tell_of_throttling(self._pace.throttled)
        self._hook = hook
        return hook
