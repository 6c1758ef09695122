"""Rendered as GitHub renders it, hostile text stays text within code, and the page keeps its form.

markdown-it stands for GitHub's own renderer: both hold to CommonMark and its tables, strike-through
and links of bare addresses.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from fleetsync.diff.change import Action, Field
from fleetsync.model import JSON, Kind, Source
from fleetsync.plan import Refusal, RefusalCode
from fleetsync.plan.view import PlanView, ReadChange
from fleetsync.report.markdown.plan import plan_markdown
from tests.report.markdown_plans import HOSTILE, update, view_with
from tests.report.screens import SCREENS

TAGS = {
    *("h2", "h3", "p", "strong", "code", "pre", "br", "hr", "blockquote", "ul", "li"),
    *("table", "thead", "tbody", "tr", "th", "td", "details", "summary"),
}
"""All that our Markdown makes."""
CODE = {"code", "pre"}


class Page(HTMLParser):
    """What a page holds: its tags, the text outside of code, that in code, and its comments."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.prose: list[str] = []
        self.code: list[str] = []
        self.comments: list[str] = []
        self.attributes: set[tuple[str, str]] = set()
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {(tag, name) for name, _ in attrs}
        if tag not in {"br", "hr"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        (self.code if CODE & set(self._open) else self.prose).append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


@cache
def renderer() -> MarkdownIt:
    return MarkdownIt("gfm-like")


def page_of(markdown: str) -> Page:
    page = Page(renderer().render(markdown))
    assert set(page.tags) <= TAGS
    assert page.attributes <= {
        *(("details", "open"), ("code", "class")),
        *(("th", "style"), ("td", "style")),
    }
    assert len(page.comments) == 1
    assert page.tags["details"] == page.tags["summary"] == markdown.count("\n<details")
    return page


@pytest.mark.parametrize("name", [name for name in SCREENS if SCREENS[name].markdown])
def test_each_screen_has_its_form(name: str) -> None:
    make = SCREENS[name].markdown
    assert make is not None
    markdown = make()
    page = page_of(markdown)
    assert page.tags["h3"] == markdown.count("\n### ")
    assert page.tags["pre"] == page.tags["details"]
    assert page.tags["table"] <= 1
    cells = page.tags["th"] + page.tags["td"]
    assert cells == page.tags["tr"] * (page.tags["th"] or 1)
    prose = "".join(page.prose)
    assert not any(word in prose for word in ("@", "http", "#1", "GH-", "<", "$", "`", "\\", "~"))


HOSTILE_WORDS = [
    *("`", "``", "```", "~~~", "\\", "|", "\n", "\r", "\t", " ", "    ", "> ", "# ", "- ", "1. "),
    *("@someone", "#1", "http://h.example", "www.h.example", "a@h.example", "![x](y)", "[x](y)"),
    *("<img src=x>", "</code>", "</details>", "</summary>", "<!--", "-->", "<", ">", "&amp;", "&"),
    *("**b**", "_i_", "~~s~~", "$x$", "| --- |", "---", "===", "[!NOTE]", "\x1b[2J", "\u202e"),
    *("\u2028", "\u200b", "房", "\ud800", "```\n\n# free", "<script>", "javascript:x", ":+1:"),
]
TEXTS = st.lists(st.sampled_from(HOSTILE_WORDS), min_size=1, max_size=7).map("".join)
VALUES: st.SearchStrategy[JSON] = st.one_of(
    TEXTS, st.lists(TEXTS, max_size=2), st.dictionaries(TEXTS, TEXTS, max_size=2)
)


def view_of_words(one: str, two: str, three: str, values: tuple[JSON, JSON]) -> PlanView:
    """Put words into every place that takes words of others."""
    changes = [
        update(one, (Field(f'metadata["{two}"]', *values),), type_id=three),
        ReadChange(Action.DELETE, Kind.DEVICE, two, three, one, Source(two, 1), []),
        ReadChange(Action.CREATE, Kind.DEVICE_TYPE, three, None, two, None, []),
    ]
    refusals = (Refusal(RefusalCode.PROTECTED, one),)
    view = view_with(changes, refusals=refusals, warnings=(two, three))
    return view._replace(fleet=one, org=two, created_at=three, undoes=one)


@given(st.tuples(TEXTS, TEXTS, TEXTS), st.tuples(VALUES, VALUES), st.sampled_from([4_000, 65_000]))
def test_whatever_is_said_stays_in_code_and_leaves_the_form_alone(
    words: tuple[str, str, str], values: tuple[JSON, JSON], size: int
) -> None:
    page = page_of(plan_markdown(view_of_words(*words, values), whole=words[0], max_bytes=size))
    calm = page_of(plan_markdown(view_of_words("a", "b", "c", (1, 2)), whole="d", max_bytes=size))
    for tag in ("h2", "h3", "li", "blockquote"):
        assert page.tags[tag] - calm.tags[tag] in ({0, 1} if tag == "blockquote" else {0}), tag
    prose = "".join(page.prose)
    assert not any(word in prose for word in ("@", "http", "www", "<", "$", "`", "\\", "~", "房"))


def test_what_is_hostile_is_there_all_the_same() -> None:
    view = view_with([update("p-1", (Field("metadata.a", None, HOSTILE),))])
    page = page_of(plan_markdown(view, whole="w", max_bytes=65_000))
    assert "![x](http://h/i.png) <img src=x onerror=y> </code></details>" in "".join(page.code)
