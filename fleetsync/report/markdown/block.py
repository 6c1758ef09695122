"""Write clusters as the lines of a block of code: who, and from what to what.

The lines begin with a sign or with spaces, never with what an org or a manifest says:

    ~ room-{001..120} (120 devices)
    # manifests/rooms.yaml:12
        metadata.floor: 1 -> 2
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from fleetsync.diff.change import Action, Field
from fleetsync.escape import shown, shown_value
from fleetsync.model import JSON
from fleetsync.report.markdown.cluster import Cluster, Ids, Row
from fleetsync.report.markdown.detail import Detail, Folded
from fleetsync.report.markdown.safe import short, short_pair
from fleetsync.report.words import counted, counted_kind

_SIGNS = {Action.DELETE: "-", Action.CREATE: "+", Action.UPDATE: "~"}
_CELLS = 100
"""A line of ids is about so long."""
_SAMPLE_IDS = 3
_NAME_CHARACTERS = 60


class Writer:
    """Write clusters in as much detail as is asked for, and count what is folded."""

    def __init__(self, detail: Detail, folded: Folded) -> None:
        self._detail = detail
        self._folded = folded

    def cluster(self, cluster: Cluster) -> Iterator[str]:
        """Give the lines of a cluster."""
        whole = not cluster.left and len(cluster.rows) <= max(1, self._detail.rows)
        if not whole:
            yield from self._sampled(cluster)
        elif len(cluster.rows) == 1:
            yield from self._names(cluster, cluster.ids)
            yield from self._about(cluster)
            yield from self._fields(cluster, cluster.common)
        else:
            yield _all_of(cluster)
            yield from self._about(cluster)
            yield from self._fields(cluster, cluster.common)
            for row in cluster.rows.values():
                yield from self._names(cluster, row.ids)
                yield from self._fields(cluster, cluster.values_of(row))

    def _sampled(self, cluster: Cluster) -> Iterator[str]:
        """Name all, say what they share, and give a few as examples."""
        yield from self._names(cluster, cluster.ids)
        yield from self._about(cluster)
        yield from self._fields(cluster, cluster.common)
        yield from (f"    {self._path(path)}: (differs)" for path in cluster.varying)
        if not cluster.of.texts:
            yield "    (they differ)"
        rows = sorted(cluster.rows.values(), key=lambda row: -len(row.ids.all))
        shown_rows = rows[: self._detail.rows]
        self._folded.values += cluster.count - len(shown_rows)
        if shown_rows:
            yield "# for example"
        for row in shown_rows:
            yield f"{_sign(cluster)} {_sample(row)}"
            yield from self._fields(cluster, cluster.values_of(row))

    def _names(self, cluster: Cluster, ids: Ids) -> Iterator[str]:
        """Name whom it is about: all, or their number, a few, and the digest of all."""
        count = len(ids.all)
        if ids.size > self._detail.ids:
            self._folded.names += count
            few = ", ".join(short(name, _NAME_CHARACTERS) for name in ids.patterns[:_SAMPLE_IDS])
            words = f"{_counted(cluster, count)}: {few}, ... (SHA-256 {ids.digest})"
            yield f"{_sign(cluster)} {words}"
            return
        counted_names = f" ({_counted(cluster, count)})" if count > 1 else ""
        *lines, last = _wrapped(ids.patterns)
        yield from (f"{_sign(cluster)} {line}," for line in lines)
        yield f"{_sign(cluster)} {last}{counted_names}"

    def _about(self, cluster: Cluster) -> Iterator[str]:
        """Say where it is declared, and why it is done if that says more."""
        if cluster.of.note:
            yield f"# {self._shortened(shown(cluster.of.note))}"
        places = [
            f"{shown(file)}:{line}" if count == 1 else shown(file)
            for file, (count, line) in islice(cluster.files.items(), 3)
        ]
        if places:
            more = ", ..." if len(cluster.files) > len(places) else ""
            yield f"# {self._shortened(', '.join(places))}{more}"

    def _fields(self, cluster: Cluster, fields: Iterable[Field]) -> Iterator[str]:
        updates = cluster.of.stage[1] is Action.UPDATE
        for field in fields:
            value = self._change_of(field) if updates else self._value_of(field)
            yield f"    {self._path(field.path)}: {value}"

    def _value_of(self, field: Field) -> str:
        return self._shortened(_text(field.after if field.before is None else field.before))

    def _change_of(self, field: Field) -> str:
        before, after = _text(field.before), _text(field.after)
        cut = short_pair(before, after, self._detail.values)
        self._folded.shortened += cut != (before, after)
        return " -> ".join(cut)

    def _path(self, path: str) -> str:
        return self._shortened(shown(path))

    def _shortened(self, text: str) -> str:
        cut = short(text, self._detail.values)
        self._folded.shortened += cut != text
        return cut


def _sign(cluster: Cluster) -> str:
    return _SIGNS[cluster.of.stage[1]]


def _all_of(cluster: Cluster) -> str:
    """Head the rows of a cluster; its ids stand in the rows, and here where they are few."""
    head = f"{_sign(cluster)} all {_counted(cluster, cluster.count)}:"
    return f"{head} {', '.join(cluster.ids.patterns)}" if cluster.ids.size <= _CELLS else head


def _counted(cluster: Cluster, count: int) -> str:
    return counted_kind(count, cluster.of.stage[0])


def _sample(row: Row) -> str:
    first = short(row.ids.patterns[0] if len(row.ids.all) == 1 else row.ids.all[0], 60)
    more = len(row.ids.all) - 1
    return f"{shown(first)} and {counted(more, 'other', 'others')}" if more else shown(first)


def _text(value: JSON) -> str:
    return "(none)" if value is None else shown_value(value, full=True)


def _wrapped(names: Sequence[str]) -> Iterator[str]:
    """Give names in lines, so that a long list can be read without moving sideways."""
    line = ""
    for name in names:
        if line and len(line) + len(name) > _CELLS:
            yield line
            line = ""
        line += f", {name}" if line else name
    yield line
