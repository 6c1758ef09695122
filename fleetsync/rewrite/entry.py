"""Add, take out and replace entries of mappings and items of lists, in block and in flow style."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Values
from collections.abc import Sequence as Many

from fleetsync.model import JSON
from fleetsync.rewrite.scalar import flow, key_text
from fleetsync.rewrite.splice import CannotEditError, Splice, line_end, line_start, whole_lines
from fleetsync.rewrite.tree import Mapping, Node, Sequence

Entry = tuple[Node, Node]

_COMMA = re.compile(r"(?:\s|#[^\n]*(?=\n))*,[ \t]*")
_UNPLAIN = "it stands in the text in a way that no small edit can change"


class _Part:
    """An entry or item: where it begins, with its dash, and where it ends."""

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end


def replace_value(text: str, node: Node, new: str) -> Splice:
    """Put a value that is written on one line in the place of any other."""
    start, end = node.start, node.end
    before = text[:start].rstrip()
    if start == end and text[start - 1 : start] in (":", "-"):
        return Splice(start, end, f" {new}")
    on_next_line = "\n" in text[len(before) : start]
    line = text[line_start(text, len(before)) : len(before)]
    if on_next_line and line.endswith(":") and "#" not in line:
        return Splice(len(before), end, f" {new}")
    return Splice(start, end, new)


def add_entries(
    text: str, node: Mapping, added: Values[str, JSON], removed: Many[Entry]
) -> Iterator[Splice]:
    """Add keys behind the last one."""
    words = [f"{key_text(key)}: {flow(value)}" for key, value in added.items()]
    parts = [_Part(key.start, value.end) for key, value in node.entries]
    gone = [_Part(key.start, value.end) for key, value in removed]
    yield from _add(text, node, parts, gone, words)


def add_items(
    text: str, node: Sequence, added: Many[JSON], lines: Many[str] | None = None
) -> Iterator[Splice]:
    """Add items behind the last one; ``lines`` are how they are written in a block."""
    if node.flow:
        parts = [_Part(item.start, item.end) for item in node.items]
        yield from _add(text, node, parts, [], list(map(flow, added)))
    else:
        words = [f"- {flow(value)}" for value in added] if lines is None else lines
        parts = [_Part(_dash(text, item), item.end) for item in node.items]
        yield from _add(text, node, parts, [], words)


def remove_entry(text: str, node: Mapping, entry: Entry, removed: Many[Entry]) -> Iterator[Splice]:
    """Take a key out, with what follows it on its line."""
    parts = [_Part(key.start, value.end) for key, value in node.entries]
    gone = {key.start for key, _ in removed}
    yield from _remove(text, parts, gone, entry[0].start, flow_style=node.flow)


def remove_item(
    text: str, node: Sequence, item: Node, removed: Many[Node], *, commented: bool = False
) -> Iterator[Splice]:
    """Take an item out; ``commented``: with the comment right above it."""
    if node.flow:
        parts = [_Part(each.start, each.end) for each in node.items]
        gone = {each.start for each in removed}
        yield from _remove(text, parts, gone, item.start, flow_style=True)
        return
    parts = [_Part(_dash(text, each), each.end) for each in node.items]
    gone = {_dash(text, each) for each in removed}
    start = _dash(text, item)
    for splice in _remove(text, parts, gone, start, flow_style=False):
        first = splice.start
        if commented and first == line_start(text, start):
            first = _comment_above(text, first, start - first)
        yield splice._replace(start=first)


def _dash(text: str, item: Node) -> int:
    """Give the place of the dash in front of an item."""
    at = text.rfind("-", 0, item.start + 1 if item.start == item.end else item.start)
    if at < 0 or text[at + 1 : item.start].strip():
        raise CannotEditError(_UNPLAIN)
    return at


def _comment_above(text: str, start: int, indent: int) -> int:
    """Give where the comment begins that stands right above a line, as far in as that."""
    while start:
        above = line_start(text, start - 1)
        line = text[above : start - 1]
        if not (line[:indent].isspace() or not indent) or not line[indent:].startswith("#"):
            break
        start = above
    return start


def _add(
    text: str, node: Mapping | Sequence, parts: Many[_Part], gone: Many[_Part], words: Many[str]
) -> Iterator[Splice]:
    if not words:
        return
    if not parts:
        raise CannotEditError(_UNPLAIN)
    last = parts[-1]
    if not node.flow:
        column = parts[0].start - line_start(text, parts[0].start)
        before = text[line_start(text, parts[0].start) : parts[0].start]
        if "?" in before or "\t" in before or before.lstrip("- "):
            raise CannotEditError(_UNPLAIN)
        yield whole_lines(text, line_end(text, last.end), [" " * column + word for word in words])
        return
    starts = {part.start for part in gone}
    joined = ", ".join(words)
    if last.start not in starts:
        null = " null" if text[last.end - 1] == ":" else ""
        yield Splice(last.end, last.end, f"{null}, {joined}")
        return
    lead = ", " if _tail(text, parts, starts) is not None else ""
    yield Splice(last.end, last.end, f"{lead}{joined}")


def _tail(text: str, parts: Many[_Part], gone: set[int]) -> _Part | None:
    """Give the last part that stays, if all behind it go in one piece with their commas."""
    kept = [part for part in parts if part.start not in gone]
    if not kept or kept[-1] is parts[-1]:
        return None
    gap = text[kept[-1].end : parts[-1].end]
    return None if "#" in gap or "\n" in gap else kept[-1]


def _remove(
    text: str, parts: Many[_Part], gone: set[int], start: int, *, flow_style: bool
) -> Iterator[Splice]:
    index = next(at for at, part in enumerate(parts) if part.start == start)
    part = parts[index]
    if not flow_style:
        first = line_start(text, part.start)
        if text[first : part.start].strip(" "):  # it stands behind the dash of an outer item
            yield Splice(part.start, part.end, "")
        else:
            yield Splice(first, line_end(text, part.end), "")
        return
    is_last = index == len(parts) - 1
    tail = _tail(text, parts, gone)
    if tail is not None and part.start > tail.start:
        if is_last:
            yield Splice(tail.end, part.end, "")
    elif is_last:
        yield Splice(part.start, part.end, "")
    else:
        comma = _COMMA.match(text, part.end)
        if comma is None:
            raise CannotEditError(_UNPLAIN)
        yield Splice(part.start, comma.end(), "")
