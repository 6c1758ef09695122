"""Put a page together: what can be read without a script, the data, the style and the script.

The page asks for nothing from outside, and its Content-Security-Policy would not let it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from fleetsync.report.html.data import PLAN_LABELS, DataBlock, Labels, Row
from fleetsync.report.html.markup import messages, text


class Assets(NamedTuple):
    """The files of a page: its style sheet, its script, and the outline of the world as JSON."""

    style: str
    script: str
    world: str


class Page(NamedTuple):
    """All that a page says.

    ``lists`` are messages as (class, title, words); ``summary`` is HTML. ``rows`` are the changes
    in the order of reading, ``total`` tells how many. ``whole`` is the command that shows them all.
    """

    title: str
    lead: str
    lists: Sequence[tuple[str, str, Sequence[str]]]
    summary: Iterable[str]
    rows: Iterable[Row]
    total: int
    whole: str
    labels: Labels = PLAN_LABELS


def page_html(page: Page, assets: Assets) -> Iterator[str]:
    """Write a page in pieces."""
    yield from _head(page.title, assets)
    yield from _first_screen(page)
    block = DataBlock()
    yield '<section id="changes" aria-label="Changes">\n'
    yield from _without_script(page)
    yield '</section>\n</main>\n<script type="application/json" id="data">'
    yield from block.pieces(page.rows, page.total, page.labels)
    yield f'</script>\n<script type="application/json" id="world">{assets.world}</script>\n'
    yield from _left_out(page, block.rows)
    yield f"<script>{assets.script}</script>\n</body>\n</html>\n"


def still_page_html(page: Page, assets: Assets) -> Iterator[str]:
    """Write a page that has no changes to search: without data, map and script."""
    yield from _head(page.title, assets)
    yield from _first_screen(page)
    yield "</main>\n</body>\n</html>\n"


def _first_screen(page: Page) -> Iterator[str]:
    yield f"<header>\n<h1>{text(page.title)}</h1>\n<p>{text(page.lead)}</p>\n</header>\n<main>\n"
    for css, title, words in page.lists:
        yield from messages(css, title, words)
    yield '<section class="summary" aria-label="Summary">\n'
    yield from page.summary
    yield "</section>\n"


def _head(title: str, assets: Assets) -> Iterator[str]:
    policy = (
        f"default-src 'none'; script-src {_hash(assets.script)};"
        f" style-src {_hash(assets.style)}; base-uri 'none'; form-action 'none'"
    )
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{text(title)}</title>\n<style>{assets.style}</style>\n</head>\n<body>\n"
    )


def _hash(content: str) -> str:
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


def _without_script(page: Page) -> Iterator[str]:
    """Say where to look if no script runs; the script puts its own in this place."""
    if page.total:
        yield (
            '<p class="without-script">JavaScript draws the table and the map of the changes. If'
            f" they do not appear, see the same as text: <code>{text(page.whole)}</code></p>\n"
        )


def _left_out(page: Page, shown: int) -> Iterator[str]:
    """Say what the page does not hold; the script moves it to where it is looked for."""
    if shown < page.total:
        yield (
            f'<p id="left-out" class="left-out">This page holds the first {shown:,} of'
            f" {page.total:,} changes, in the order of reading; the counts above are of all."
            f" Search, filters and map know the first {shown:,} alone."
            f" All of them: <code>{text(page.whole)}</code></p>\n"
        )
