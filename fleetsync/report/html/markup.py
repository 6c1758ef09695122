"""Write the HTML of a page's fixed parts; every text that is quoted is escaped, all of it ASCII."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence

from fleetsync.escape import shown

_LONGEST = 2_000
"""Characters of one message that a page shows."""
_SCROLLED = 5
"""So many lines may be higher than the room that a page gives them."""


def text(words: str) -> str:
    """Give words as HTML that shows them, controls and invisible letters escaped."""
    safe = shown(words)
    cut = safe if len(safe) <= _LONGEST else f"{safe[:_LONGEST]}... ({len(safe):,} characters)"
    return ascii_only(html.escape(cut))


def ascii_only(markup: str) -> str:
    """Write what is not ASCII as references, so that no encoding can garble the page."""
    return markup.encode("ascii", "xmlcharrefreplace").decode("ascii")


def messages(css: str, title: str, words: Sequence[str]) -> Iterator[str]:
    """Write a list of messages under its title; nothing if there is none."""
    if words:
        reach = _reach(title, len(words))
        yield f'<section class="messages {css}"{reach}>\n<h2>{text(title)}</h2>\n<ul>\n'
        yield from (f"<li>{text(each)}</li>\n" for each in words)
        yield "</ul>\n</section>\n"


def count_table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table of counts, the first column being their names."""
    heads = "".join(f'<th scope="col">{text(each)}</th>' for each in columns)
    lines = [f"{_count_row(row)}\n" for row in rows]
    body, reach = "".join(lines), _reach(caption, len(lines))
    return (
        f'<table class="counts"{reach}><caption>{text(caption)}</caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}</tbody></table>\n"
    )


def _reach(name: str, lines: int) -> str:
    """Let the keyboard reach what is long enough to be scrolled."""
    return f' tabindex="0" aria-label="{text(name)}"' if lines >= _SCROLLED else ""


def _count_row(row: Sequence[str]) -> str:
    cells = "".join(
        f"<td>{text(cell)}</td>" if cell != "0" else '<td class="none">0</td>' for cell in row[1:]
    )
    return f'<tr><th scope="row">{text(row[0])}</th>{cells}</tr>'
