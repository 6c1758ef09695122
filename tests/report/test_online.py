from __future__ import annotations

import json
from typing import Any

import pytest

from fleetsync.report.html.report import report_html
from fleetsync.report.markdown.report import report_markdown
from fleetsync.report.online import MOST_NAMES, Online, online_sentence
from fleetsync.report.outcome import Report, make_report, render_report, report_text
from tests.report import sample
from tests.report.markdown_plans import HOSTILE
from tests.report.test_html_plan import ASSETS

WAYS = {"again": "fleetsync apply", "whole": "fleetsync journal -v"}


def names(count: int, first: str = "p") -> tuple[str, ...]:
    """Ids that no pattern folds."""
    return tuple(f"pump/{first}-{number * number}-x{number % 7}" for number in range(count))


def some(**more: Any) -> Online:
    whole: dict[str, Any] = {
        "up": ("pump/p-1", "pump/p-2", "pump/p-3", "hub/h"),
        "away": ("pump/a-1",),
        "unknown": ("pump/u-1",),
        "seconds": 600.0,
        "reason": "the org does not tell",
    }
    return Online(**{**whole, **more})


def report(online: Online) -> Report:
    made = make_report(sample.empty(), [], fatal=None, calls=4, secrets_file="s")
    return made._replace(online=online)


def markdown(online: Online, size: int = 65_000) -> str:
    return report_markdown(report(online), **WAYS, max_bytes=size)


def page(online: Online) -> str:
    return "".join(report_html(report(online), ASSETS, **WAYS))


def test_it_is_said_who_came_and_who_did_not() -> None:
    text = render_report(report(some()), again="")
    assert (
        "Waited 10 min 0 s for 6 devices: 4 came up, 1 did not and 1 nobody knows of"
        " (the org does not tell).\n"
        "  + came up: pump/p-{1..3}, hub/h\n"
        "  ! did not come up: pump/a-1\n"
        "  ! nobody knows: pump/u-1\n"
    ) in text
    assert "- did not come up: `pump/a-1`\n" in markdown(some())
    assert "- came up: `pump/p-{1..3}, hub/h`\n" in markdown(some())
    assert "<li>did not come up: pump/a-1</li>" in page(some())
    assert "<p>Came up: pump/p-{1..3}, hub/h.</p>" in page(some())


def test_many_names_are_shortened_and_text_tells_all_that_are_asked_for() -> None:
    many = some(up=names(300), away=names(300, "a"))
    text = render_report(report(many), again="")
    assert text.count(" and 280 more") == 2
    assert names(300, "a")[-1] in render_report(report(many), again="", full=True)
    assert page(many).count("<li>did not come up: ") == 101
    assert "<li>did not come up: 200 more</li>" in page(many)


@pytest.mark.parametrize("kind", ["up", "away", "unknown"])
def test_json_names_so_many_and_counts_all(kind: str) -> None:
    document = json.loads("".join(report_text(report(some(**{kind: names(MOST_NAMES + 1)})))))
    assert document["online"][kind] == MOST_NAMES + 1
    assert len(document["online"][f"{kind}Devices"]) == MOST_NAMES


def test_hostile_words_stay_words() -> None:
    hostile = some(away=(f"{HOSTILE}/{HOSTILE}",), reason=HOSTILE)
    shown = [render_report(report(hostile), again=""), markdown(hostile), page(hostile)]
    assert not {"\x1b", "\u202e", "\r"} & set("".join(shown).replace(ASSETS.script, ""))
    assert "\n# title" not in shown[1]
    assert "<img" not in shown[2].replace(ASSETS.script, "")
    assert "\n" not in online_sentence(hostile)


def test_markdown_is_never_too_long() -> None:
    text = markdown(some(up=names(500), away=names(500, "a"), reason="x" * 5_000), 4_000)
    assert len(text.encode()) <= 4_000
    assert "500 did not" in text
