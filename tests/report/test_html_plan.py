from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given

from fleetsync.apply.outcome import Outcome, Status
from fleetsync.cli.page_assets import page_assets
from fleetsync.diff.change import Field
from fleetsync.errors import FleetsyncError
from fleetsync.plan.view import PlanView, ReadChange, field_texts, view_of
from fleetsync.report.html.data import DataBlock, Row
from fleetsync.report.html.page import Assets
from fleetsync.report.html.plan import plan_html
from fleetsync.report.html.report import report_html
from fleetsync.report.outcome import make_report
from fleetsync.report.text import READING_ORDER
from tests.report import sample
from tests.report.html_reading import data_block, read_changes
from tests.report.markdown_plans import HOSTILE, VIEWS, update, view_with
from tests.report.test_markdown_plan import PLANS

ASSETS = page_assets()
BARE = Assets("", "", "{}")
WHOLE = "fleetsync show plan.json -v"


def page_of(view: PlanView, assets: Assets = BARE) -> str:
    return "".join(plan_html(view, assets, whole=WHOLE))


def told(view: PlanView) -> list[ReadChange]:
    return [
        ReadChange(c.action, c.kind, c.type_id, c.device_id, c.reason, c.source, field_texts(c))
        for action, kind in READING_ORDER
        for c in view.walk((kind, action))
    ]


@given(PLANS)
def test_whatever_is_planned_can_be_read_back_from_the_page(planned: list[ReadChange]) -> None:
    view = view_with(planned)
    assert read_changes(page_of(view)) == told(view)


@pytest.mark.parametrize("name", VIEWS)
def test_a_page_holds_the_very_plan_deletes_first(name: str) -> None:
    view = VIEWS[name]()
    assert read_changes(page_of(view)) == told(view)


class Outline(HTMLParser):
    """Note the elements of a page, and every attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def outline(page: str) -> Outline:
    parser = Outline()
    parser.feed(page)
    parser.close()
    return parser


def test_hostile_text_adds_no_element_and_no_attribute() -> None:
    view = VIEWS["hostile"]()
    tame = [each._replace(type_id=f"t{n}") for n, each in enumerate(told(view))]
    calm = view_with(tame, refusals=view.refusals, warnings=("calm",))
    found = outline(page_of(view, ASSETS))
    assert set(found.tags) == set(outline(page_of(calm, ASSETS)).tags)
    assert found.tags.count("script") == 3
    assert "img" not in found.tags
    assert not [name for name, _ in found.attributes if name.startswith("on") or name == "style"]


@pytest.mark.parametrize("text", ["</script>", "<!--<script>", "\u2028", "]]>", "\u202e", "\ud800"])
def test_nothing_ends_the_data_block(text: str) -> None:
    page = page_of(view_with([update(text, (Field("metadata.a", text, {text: [text]}),))]))
    assert data_block(page)["rows"] == [[0, 0, 1, 1, 2]]
    assert page.count("</script>") == 3
    assert "<!--" not in page


def test_a_page_is_ascii_and_shows_controls_escaped() -> None:
    page = page_of(VIEWS["hostile"](), ASSETS)
    assert page.isascii()
    assert "<li>`` ` @someone #123" in page
    assert "\\u202e\\u200b\\x1b[2J\\ud800" in page
    assert not set(page) & {"\x1b", "\r"}
    assert HOSTILE not in page


def test_the_policy_allows_this_script_and_style_and_nothing_else() -> None:
    page = page_of(VIEWS["one"](), ASSETS)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.S)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.S)
    hashes = [b64encode(sha256(each.encode()).digest()).decode() for each in (script, style)]
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{hashes[0]}'; style-src 'sha256-{hashes[1]}';"
        " base-uri 'none'; form-action 'none'"
    )


def test_a_page_asks_for_nothing_from_outside() -> None:
    page = page_of(VIEWS["one"](), ASSETS)
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttp|innerHTML|eval\(", page)
    assert not {"src", "href"} & {name for name, _ in outline(page).attributes}


def test_without_a_script_numbers_refusals_and_warnings_are_there() -> None:
    page = page_of(view_of(sample.changed()))
    head = page.partition('<script type="application/json"')[0]
    assert "<p>Delete 6 devices, update 1 device type and 13 devices.</p>" in head
    assert "the plan deletes 6 of 19 devices (31.6 %)" in head
    assert '<tr><th scope="row">pump</th><td>6</td><td class="none">0</td><td>14</td></tr>' in (
        head
    )
    assert f"If they do not appear, see the same as text: <code>{WHOLE}</code></p>" in head


def test_a_plan_without_changes_says_so() -> None:
    page = page_of(view_of(sample.empty()))
    assert "<p>No changes: all is as the manifests say.</p>" in page
    assert "without-script" not in page


def test_what_is_too_much_for_a_page_is_counted() -> None:
    rows = [Row(update(f"p-{n}", (Field("metadata.a", n, n + 1),))) for n in range(9)]
    block = DataBlock(max_rows=4)
    text = "".join(block.pieces(iter(rows), 9))
    assert block.rows == 4
    assert text.startswith('{"formatVersion":1,"total":9,"rows":[\n[0,0,1,1,2],\n[0,3,1,2,4]')
    assert text.endswith('],"shown":4}')
    long = DataBlock(max_characters=30)
    "".join(long.pieces(iter(rows), 9))
    assert long.rows == 1


def test_a_page_of_more_than_it_can_hold_says_what_is_left_out() -> None:
    change = update("p-1", ())
    view = view_with([change] * 100_001)
    page = page_of(view)
    assert (
        "This page holds the first 100,000 of 100,001 changes, in the order of reading; the"
        " counts above are of all. Search, filters and map know the first 100,000 alone."
        f" All of them: <code>{WHOLE}</code></p>"
    ) in page


def test_what_became_of_a_plan_shows_failures_first() -> None:
    plan = sample.changed()
    ends = [Status.DONE] * len(plan.changes)
    ends[3] = Status.FAILED
    outcomes = [
        Outcome(change, end, "<b>no</b>" if end is Status.FAILED else "")
        for change, end in zip(plan.changes, ends, strict=True)
    ]
    fatal = FleetsyncError("the org <i>is</i> gone")
    report = make_report(plan, outcomes, fatal=fatal, calls=7, secrets_file="s")
    page = "".join(report_html(report, BARE, again="fleetsync apply", whole=WHOLE))
    assert "<p>20 changes: 1 failed, 0 not tried, 0 already so, 19 done.</p>" in page
    assert "the org &lt;i&gt;is&lt;/i&gt; gone" in page
    assert "<p>To go on: <code>fleetsync apply</code></p>" in page
    block = data_block(page)
    assert block["shapes"][block["rows"][0][0]][7:] == ["failed", "<b>no</b>"]
    assert len(block["rows"]) == 20
