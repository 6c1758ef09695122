"""Put a first screen and sections of clusters into one document of limited length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from fleetsync.diff.change import Action
from fleetsync.model import Kind
from fleetsync.report.markdown.block import Writer
from fleetsync.report.markdown.cluster import Cluster, by_type
from fleetsync.report.markdown.detail import HEADS, Detail, Folded, Head, Steps, steps
from fleetsync.report.markdown.safe import code, fenced, html_code, short
from fleetsync.report.words import counted, counted_kind, listed

_OPEN_LINES = 40
"""A document of so few lines is shown unfolded."""
_HEAD_SHARE = 2
"""The first screen takes at most one part in so many of the document."""
_NOTE_BYTES = 700
"""What is said of the folding is not longer, apart from the command."""
_COMMAND_CHARACTERS = 100
_PATHS = 3
_PATH_CHARACTERS = 40
"""The title of a type names so many fields, in so many characters each."""

WriteHead = Callable[[Head, Folded], Iterator[str]]
"""Gives the lines of the first screen, in as much detail as is asked for."""


class Section(NamedTuple):
    """Clusters under a title; ``first`` are shown unfolded, and folded last if they are long."""

    title: str
    clusters: Sequence[Cluster]
    first: bool


class _Block(NamedTuple):
    """Lines of code below a line of HTML; without lines, it is a sentence."""

    title: str
    lines: list[str]
    first: bool


def fitted(
    write_head: WriteHead, sections: Sequence[Section], *, whole: str, max_bytes: int
) -> str:
    """Write a document of at most ``max_bytes`` in UTF-8; ``whole`` is the command to see all."""
    head, folded = _head(write_head, max_bytes // _HEAD_SHARE)
    command = code(short(whole, _COMMAND_CHARACTERS))
    room = max_bytes - _size(head) - _NOTE_BYTES - _size(command)
    for step in steps():
        left_out = replace(folded)
        body = _body(sections, step, room, left_out)
        if body is not None:
            break
    note = _note(left_out, max_bytes, command)
    return f"{head}{note}{body or ''}"


def _head(write_head: WriteHead, room: int) -> tuple[str, Folded]:
    for detail in HEADS:
        folded = Folded()
        text = "".join(f"{line}\n" for line in write_head(detail, folded))
        if _size(text) <= room:
            break
    return text, folded


def _note(folded: Folded, max_bytes: int, command: str) -> str:
    """Say what is folded, in numbers, and how to see it."""
    if not folded.anything:
        return ""
    parts = [
        f"{words} of {counted(count, 'change', 'changes')}"
        for count, words in ((folded.values, "values"), (folded.names, "ids"))
        if count
    ]
    more = (
        (folded.shortened, "long value", "long values"),
        (folded.messages, "message", "messages"),
        (folded.types, "line of the table", "lines of the table"),
    )
    parts += [counted(*each) for each in more if each[0]]
    return (
        f"\n> [!NOTE]\n> Folded to fit into {max_bytes:,} bytes: {listed(parts)}."
        f" All of it shows {command}.\n"
    )


def _body(sections: Sequence[Section], step: Steps, room: int, folded: Folded) -> str | None:
    """Write the sections; None if they need more room."""
    blocks: list[_Block] = []
    size = 0
    for block in chain.from_iterable(_blocks(each, step, room, folded) for each in sections):
        blocks.append(block)
        size += sum(map(len, block.lines))
        if size > room:
            return None
    is_short = sum(len(block.lines) for block in blocks) <= _OPEN_LINES
    text = "".join(_block_text(block, is_open=is_short or block.first) for block in blocks)
    return text if _size(text) <= room else None


def _blocks(section: Section, step: Steps, room: int, folded: Folded) -> Iterator[_Block]:
    if not section.clusters:
        return
    detail = step.deletes if section.first else step.others
    yield _Block(f"### {section.title}", [], section.first)
    writer = Writer(detail._replace(ids=min(detail.ids, room)), folded)
    for type_id, clusters in by_type(section.clusters[: detail.clusters]):
        lines = list(chain.from_iterable(map(writer.cluster, clusters)))
        yield _Block(_summary(type_id, clusters), lines, section.first)
    yield from _rest(section.clusters, detail, folded)


def _rest(clusters: Sequence[Cluster], detail: Detail, folded: Folded) -> Iterator[_Block]:
    """Count the clusters that are not shown."""
    rest = clusters[detail.clusters :]
    if rest:
        count = sum(each.count for each in rest)
        folded.values += count
        folded.names += count
        groups = counted(len(rest), "group", "groups")
        yield _Block(f"Not shown: {groups} with {counted(count, 'change', 'changes')}.", [], False)


def _summary(type_id: str, clusters: Sequence[Cluster]) -> str:
    kind = clusters[0].of.stage[0]
    count = counted_kind(sum(each.count for each in clusters), kind) + _changing(clusters)
    return count if kind is Kind.DEVICE_TYPE else f"{html_code(short(type_id, 60))}: {count}"


def _changing(clusters: Sequence[Cluster]) -> str:
    """Name the fields that most updates change, so that nothing need be unfolded to know them."""
    paths: Counter[str] = Counter()
    for cluster in clusters:
        if cluster.of.stage[1] is Action.UPDATE:
            paths.update(dict.fromkeys(cluster.paths, cluster.count))
    if not paths:
        return ""
    names = [html_code(short(path, _PATH_CHARACTERS)) for path, _ in paths.most_common(_PATHS)]
    rest = len(paths) - len(names)
    if not all(cluster.of.texts for cluster in clusters):
        names.append("others")
    elif rest:
        names.append(counted(rest, "more field", "more fields"))
    return f" ({listed(names)})"


def _block_text(block: _Block, *, is_open: bool) -> str:
    if not block.lines:
        return f"\n{block.title}\n"
    attribute = " open" if is_open else ""
    lines = [f"<details{attribute}><summary>{block.title}</summary>", "", *fenced(block.lines), ""]
    return "\n" + "\n".join([*lines, "</details>", ""])


def _size(text: str) -> int:
    return len(text.encode("utf-8"))
