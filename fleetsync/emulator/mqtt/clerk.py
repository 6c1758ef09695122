"""Carry jobs to the org and back, so that the event loop never waits for it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleetsync.emulator.state import OrgState
    from fleetsync.emulator.turn import Turn

Answer = TypeVar("Answer")

_Job = tuple["Callable[[Turn], Any]", "asyncio.Future[Any]"]


class Clerk:
    """One thread that takes all jobs that have come into one turn at the org.

    So a thousand logins cost a few transactions, and they are answered in the order they came in.
    What a job that fails had done is undone, and only that.
    """

    def __init__(self, state: OrgState) -> None:
        self._state = state
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "fleetsync-mqtt-clerk")
        self._jobs: list[_Job] = []
        self._running: asyncio.Future[None] | None = None

    def ask(self, job: Callable[[Turn], Answer]) -> asyncio.Future[Answer]:
        """Have a job done; its answer, or what it or the org raised, comes in the future."""
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._jobs.append((job, future))
        self._begin()
        return future

    async def close(self) -> None:
        """Wait for all jobs, then end the thread."""
        while self._running is not None:
            await asyncio.wait([self._running])
        await asyncio.to_thread(self._thread.shutdown)

    def _begin(self) -> None:
        if self._running is None and self._jobs:
            jobs, self._jobs = self._jobs, []
            self._running = self._loop.run_in_executor(self._thread, self._carry_out, jobs)
            self._running.add_done_callback(self._go_on)

    def _go_on(self, done: asyncio.Future[None]) -> None:
        done.result()
        self._running = None
        self._begin()

    def _carry_out(self, jobs: list[_Job]) -> None:
        answers: list[tuple[Any, BaseException | None]] = []
        try:
            with self._state.turn(writing=True) as turn:
                answers = [_do(job, turn) for job, _ in jobs]
        except Exception as error:  # noqa: BLE001 - who asked is told of it
            answers = [(None, error)] * len(jobs)
        self._loop.call_soon_threadsafe(_give, jobs, answers)


def _do(job: Callable[[Turn], Any], turn: Turn) -> tuple[Any, BaseException | None]:
    turn.connection.execute("SAVEPOINT job")
    try:
        answer = job(turn)
    except Exception as error:  # noqa: BLE001 - who asked is told of it
        turn.connection.execute("ROLLBACK TO job")
        return None, error
    turn.connection.execute("RELEASE job")
    return answer, None


def _give(jobs: list[_Job], answers: list[tuple[Any, BaseException | None]]) -> None:
    for (_, future), (answer, error) in zip(jobs, answers, strict=True):
        if future.cancelled():
            continue
        if error is None:
            future.set_result(answer)
        else:
            future.set_exception(error)
            future.exception()  # whether somebody looks is up to who asked
