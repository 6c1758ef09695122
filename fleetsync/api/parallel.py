"""Run requests beside each other, in threads that never keep the program from ending."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


class Started(Generic[T]):
    """A call that runs in a thread of its own, from now on.

    The threads are daemons, unlike those of concurrent.futures: an interrupted program does not
    wait for answers that nobody wants any more.
    """

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._done = threading.Event()
        self._value: list[T] = []
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name="fleetsync-request", daemon=True).start()

    def result(self) -> T:
        """Wait for the call to end, and give what it gave or raise what it raised."""
        self._done.wait()
        if self._error is not None:
            raise self._error
        return self._value[0]

    def _run(self) -> None:
        try:
            self._value.append(self._call())
        except BaseException as error:  # noqa: BLE001 - it is raised again by result()
            self._error = error
        self._done.set()


def run_beside(calls: Sequence[Callable[[], T]], *, threads: int) -> list[T]:
    """Make all calls, so many at a time, and give their results in order.

    The first error ends it: no further call is begun, and the error is raised.
    """
    waiting = deque(enumerate(calls))
    results: dict[int, T] = {}
    failed = threading.Event()

    def work() -> None:
        while not failed.is_set():
            try:
                place, call = waiting.popleft()
            except IndexError:
                return
            results[place] = _flagging(call, failed)

    workers = [Started(work) for _ in range(min(threads, len(calls)))]
    try:
        for worker in workers:
            worker.result()
    finally:
        failed.set()  # also when this thread is interrupted while it waits
    return [results[place] for place in range(len(calls))]


def _flagging(call: Callable[[], T], failed: threading.Event) -> T:
    try:
        return call()
    except BaseException:
        failed.set()
        raise
