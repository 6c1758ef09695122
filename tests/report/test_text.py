from __future__ import annotations

from pathlib import Path

import pytest

from fleetsync.report.text import render_plan
from tests.report.sample import PLANS

GOLDEN = Path(__file__).parent.parent / "cases" / "report"


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_reads_as_it_was_agreed(name: str) -> None:
    expected = (GOLDEN / f"{name}.txt").read_text("utf-8")
    assert render_plan(PLANS[name](), next_step="To carry it out: fleetsync apply") == expected


def test_nothing_is_folded_where_all_is_asked_for() -> None:
    text = render_plan(PLANS["large"](), full=True)
    assert "..." not in text
    assert all(f"type-24/d-{n:03} " in text for n in range(40))


@pytest.mark.parametrize("name", PLANS)
def test_no_line_can_be_begun_by_a_value(name: str) -> None:
    for line in render_plan(PLANS[name](), full=True).splitlines():
        assert "\x1b" not in line
        assert line.isprintable()
