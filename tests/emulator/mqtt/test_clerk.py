from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable

import pytest

from fleetsync.emulator.device_type import create_type
from fleetsync.emulator.mqtt.clerk import Clerk
from fleetsync.emulator.state import OrgState
from fleetsync.emulator.turn import Turn


def adding(type_id: str, *, failing: bool = False) -> Callable[[Turn], str]:
    def job(turn: Turn) -> str:
        create_type(turn, {"id": type_id})
        if failing:
            raise ValueError(type_id)
        return type_id

    return job


def test_what_a_failing_job_did_is_undone_and_nothing_else(org_state: OrgState) -> None:
    async def ask() -> list[object]:
        clerk = Clerk(org_state)
        jobs = [adding("a"), adding("b", failing=True), adding("c")]
        answers = [clerk.ask(job) for job in jobs]
        await clerk.close()
        return [each.exception() or each.result() for each in answers]

    one, failure, other = asyncio.run(ask())
    assert (one, repr(failure), other) == ("a", "ValueError('b')", "c")
    assert sorted(org_state.snapshot()["deviceTypes"]) == ["a", "c"]


def test_an_org_that_cannot_be_asked_is_told_to_each_who_asks() -> None:
    async def ask(state: OrgState) -> list[BaseException | None]:
        clerk = Clerk(state)
        answers = [clerk.ask(adding("a")), clerk.ask(adding("b"))]
        await clerk.close()
        return [each.exception() for each in answers]

    with OrgState.open(None) as state:
        pass
    assert [type(each) for each in asyncio.run(ask(state))] == [sqlite3.ProgrammingError] * 2


def test_answers_come_in_the_order_of_the_questions(org_state: OrgState) -> None:
    async def ask() -> list[int]:
        clerk = Clerk(org_state)
        order: list[int] = []

        async def one(number: int) -> None:
            await clerk.ask(lambda _: None)
            order.append(number)
            await clerk.ask(lambda _: None)

        await asyncio.gather(*map(one, range(200)))
        await clerk.close()
        return order

    assert asyncio.run(ask()) == list(range(200))


@pytest.mark.parametrize("count", [0, 1])
def test_it_closes_whether_or_not_it_was_asked(org_state: OrgState, count: int) -> None:
    async def ask() -> None:
        clerk = Clerk(org_state)
        for _ in range(count):
            clerk.ask(lambda _: None)
        await clerk.close()

    asyncio.run(ask())
