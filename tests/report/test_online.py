from __future__ import annotations

import json
from typing import Any

import pytest

from fleetsync.model import DeviceKey
from fleetsync.report.html.report import report_html
from fleetsync.report.markdown.report import report_markdown
from fleetsync.report.online import MOST_DEVICES, Online, WaitEnd, online_document, online_sentence
from fleetsync.report.outcome import Report, make_report, render_report, report_text
from tests.report import sample
from tests.report.markdown_plans import HOSTILE
from tests.report.test_html_plan import ASSETS

WAYS = {"again": "fleetsync apply", "whole": "fleetsync journal -v"}


def keys(count: int, name: str = "p") -> tuple[DeviceKey, ...]:
    return tuple(DeviceKey("pump", f"{name}-{number}") for number in range(count))


def some(**more: Any) -> Online:
    whole: dict[str, Any] = {
        "came": keys(7),
        "absent": keys(2, "a"),
        "unknown": {DeviceKey("pump", "u-0"): "the org does not tell"},
        "end": WaitEnd.TIME,
        "seconds": 600.0,
    }
    return Online(**{**whole, **more})


def report(online: Online) -> Report:
    made = make_report(sample.empty(), [], fatal=None, calls=4, secrets_file="s")
    return made._replace(online=online)


@pytest.mark.parametrize(
    ("online", "words"),
    [
        (some(), "7 of 10 new devices have connected within 10 min 0 s"),
        (some(end=WaitEnd.ALL, absent=(), unknown={}, seconds=2.04), "7 of 7 new devices have"),
        (some(came=keys(1), absent=(), unknown={}), "1 of 1 new device has connected within"),
        (some(end=WaitEnd.INTERRUPTED), "when the waiting was interrupted, after 10 min 0 s"),
        (some(end=WaitEnd.UNTOLD), "as far as the org tells, so nobody waited any longer"),
        (some(end=WaitEnd.NOT_BEGUN), "nobody waited, for the run was stopped"),
        (Online((), (), {}, WaitEnd.ALL, 0.0), "No device was registered"),
    ],
)
def test_it_is_said_how_many_came_and_why_nobody_waits(online: Online, words: str) -> None:
    assert words in online_sentence(online)


def test_text_names_a_few_or_all() -> None:
    text = render_report(report(some()), again="")
    assert "  Connected: pump/p-0, pump/p-1, pump/p-2, pump/p-3, pump/p-4 and 2 more\n" in text
    assert "  Not connected: pump/a-0, pump/a-1\n" in text
    assert "  Unknown: pump/u-0 (the org does not tell)\n" in text
    full = render_report(report(some()), again="", full=True)
    assert "pump/p-5, pump/p-6\n" in full


def test_json_names_all_up_to_a_limit_and_counts_all() -> None:
    unknown = dict.fromkeys(keys(MOST_DEVICES + 1), "no")
    document = online_document(some(came=keys(MOST_DEVICES + 1), unknown=unknown))
    for name in ("connected", "unknown"):
        assert document[name]["count"] == MOST_DEVICES + 1
        assert len(document[name]["devices"]) == MOST_DEVICES
    assert document["unknown"]["devices"][0] == {
        "typeId": "pump",
        "deviceId": "p-0",
        "reason": "no",
    }
    told = json.loads("".join(report_text(report(some()))))
    assert told["online"] == online_document(some())
    assert "online" not in json.loads("".join(report_text(report(some())._replace(online=None))))


def test_hostile_words_stay_words() -> None:
    key = DeviceKey(HOSTILE, HOSTILE)
    online = some(absent=(key,), unknown={key: HOSTILE})
    text = render_report(report(online), again="")
    page = "".join(report_html(report(online), ASSETS, **WAYS))
    markdown = report_markdown(report(online), **WAYS, max_bytes=65_000)
    assert not {"\x1b", "\u202e", "\r"} & {*text, *page, *markdown}
    assert "<script>alert" not in page.partition("<script>")[0]
    for line in markdown.splitlines():
        if line.startswith(("- Not connected", "- Unknown")):
            assert line.count("`") >= 2
    assert "\n# " not in markdown


def test_markdown_is_never_too_long_however_many_reasons_there_are() -> None:
    reasons = {key: f"{number} {'x' * 500}" for number, key in enumerate(keys(500))}
    text = report_markdown(report(some(unknown=reasons)), **WAYS, max_bytes=4_000)
    assert len(text.encode()) <= 4_000
    assert "- and 498 more reasons" in text
