"""Answers find those who wait, whichever comes first, and nobody waits in vain."""

from __future__ import annotations

import threading
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fleetsync.messaging.answers import Answers


def test_an_answer_that_is_there_before_one_waits_is_not_lost() -> None:
    answers, heard = Answers(), list[Any]()

    def send() -> int:
        answers.give("publish", 7, "early")
        return 7

    answers.expect("publish", send, heard.append)
    assert heard == ["early"]


def test_an_answer_that_nobody_asked_for_is_forgotten() -> None:
    answers, heard = Answers(), list[Any]()
    answers.give("subscribe", 7, "of a resubscription")
    answers.expect("subscribe", lambda: 7, heard.append)
    assert heard == []
    answers.give("subscribe", 7, "mine")
    assert heard == ["mine"]


def test_a_loss_while_something_is_sent_is_told() -> None:
    answers, heard = Answers(), list[Any]()

    def send() -> int:
        answers.lose_all()
        return 7

    answers.expect("publish", send, heard.append)
    answers.expect("publish", lambda: None, heard.append)
    assert heard == [None, None]


def test_what_calls_back_may_send_while_another_waits_for_its_lock() -> None:
    """Paho answers under a lock that sending takes as well: neither may wait for the other."""
    answers, lock, heard = Answers(), threading.RLock(), list[Any]()
    sent, asked = threading.Event(), threading.Event()

    def send() -> int:
        sent.set()
        assert asked.wait(10)
        with lock:
            return 2

    def call_back() -> None:
        with lock:
            assert sent.wait(10)
            asked.set()
            answers.give("publish", 1, "first")

    answers.expect("publish", lambda: 1, heard.append)
    thread = threading.Thread(target=call_back, daemon=True)
    thread.start()
    answers.expect("publish", send, heard.append)
    thread.join(10)
    assert not thread.is_alive()
    assert heard == ["first"]


@given(st.lists(st.tuples(st.sampled_from(["ask", "give", "lose"]), st.integers(1, 3))))
def test_each_who_waits_hears_once(steps: list[tuple[str, int]]) -> None:
    answers, heard, asked = Answers(), list[int](), 0
    for what, number in steps:
        if what == "ask":
            answers.expect("publish", lambda n=number: n, lambda _, a=asked: heard.append(a))  # type: ignore[misc] # bound now
            asked += 1
        elif what == "give":
            answers.give("publish", number, "x")
        else:
            answers.lose_all()
    assert len(set(heard)) == len(heard)
    answers.lose_all()
    assert len(set(heard)) == len(heard) <= asked
