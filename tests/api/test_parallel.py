from __future__ import annotations

import threading
from functools import partial

import pytest

from fleetsync.api.parallel import Started, run_beside


def fail(message: str) -> int:
    raise ValueError(message)


def test_a_started_call_gives_its_result_or_raises_its_error() -> None:
    assert Started(lambda: 5).result() == 5
    with pytest.raises(ValueError, match="no page"):
        Started(partial(fail, "no page")).result()


def test_a_started_call_does_not_keep_the_program_from_ending() -> None:
    seen = Started(threading.current_thread).result()
    assert seen.daemon


def test_results_come_in_the_order_of_the_calls() -> None:
    assert run_beside([lambda: "a", lambda: "b", lambda: "c"], threads=2) == ["a", "b", "c"]
    assert run_beside([], threads=2) == []


def test_calls_run_beside_each_other() -> None:
    meeting = threading.Barrier(3, timeout=10)
    assert sorted(run_beside([meeting.wait] * 3, threads=3)) == [0, 1, 2]


def test_no_more_calls_run_at_once_than_there_are_threads() -> None:
    running, most = 0, 0
    lock = threading.Lock()
    pause = threading.Event()

    def call() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        pause.wait(0.005)
        with lock:
            running -= 1

    run_beside([call] * 12, threads=3)
    assert most <= 3


def test_after_the_first_error_no_call_is_begun() -> None:
    begun: list[int] = []

    def call(number: int) -> int:
        begun.append(number)
        return fail("stop") if number == 1 else number

    with pytest.raises(ValueError, match="stop"):
        run_beside([partial(call, number) for number in range(100)], threads=1)
    assert begun == [0, 1]
