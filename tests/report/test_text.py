from __future__ import annotations

from pathlib import Path

import pytest

from fleetsync.model import LiveDeviceType
from fleetsync.plan import Plan
from fleetsync.plan.view import view_of
from fleetsync.report.text import render_plan
from tests.golden import agreed
from tests.report.sample import PLANS, device, device_type, live_device, plan_of

GOLDEN = Path(__file__).parent.parent / "cases" / "report"


def text_of(plan: Plan, *, full: bool = False, next_step: str = "") -> str:
    return "".join(render_plan(view_of(plan), full=full, next_step=next_step))


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_reads_as_it_was_agreed(name: str) -> None:
    text = text_of(PLANS[name](), next_step="To carry it out: fleetsync apply")
    assert text == agreed(GOLDEN / f"{name}.txt", text)


def test_nothing_is_folded_where_all_is_asked_for() -> None:
    text = text_of(PLANS["large"](), full=True)
    assert "..." not in text
    assert all(f"type-24/d-{n:03} " in text for n in range(40))


def test_long_values_show_what_changes_in_them_and_are_whole_where_all_is_asked_for() -> None:
    start = "x" * 300
    plan = plan_of(
        [device_type("pump")],
        [device("pump", "p-1", metadata={"note": f"{start}new"})],
        [LiveDeviceType("pump")],
        [live_device("pump", "p-1", metadata={"note": f"{start}old"})],
    )
    lead = "..." + "x" * 20
    folded = f'{lead}old" (305 characters) -> {lead}new" (305 characters)'
    assert f"      metadata.note  {folded}\n" in text_of(plan)
    whole = f'"{start}old" -> "{start}new"'
    assert f"      metadata.note  {whole}\n" in text_of(plan, full=True)


@pytest.mark.parametrize("name", PLANS)
def test_no_line_can_be_begun_by_a_value(name: str) -> None:
    for line in text_of(PLANS[name](), full=True).splitlines():
        assert "\x1b" not in line
        assert line.isprintable()
