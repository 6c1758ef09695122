"""Gather changes by what they have in common, so that a million of them are a few lines.

A cluster holds changes of one action, kind and type that touch the same fields; its rows hold those
that set the same values as well. Of values no more is kept than a document could ever show; ids are
kept all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import sha256
from operator import itemgetter
from typing import NamedTuple

from fleetsync.diff.change import Field
from fleetsync.model import Kind, Source
from fleetsync.plan.view import Stage
from fleetsync.report.markdown.ids import fold_ids

_SAMPLES = 3
"""So many rows of a cluster are kept, however large everything is."""
_CLUSTERS = 8
"""So many clusters of a type are kept, however large everything is."""
_DOCUMENTS = 64
"""The values of so many whole documents are kept: enough to choose from, and a few megabytes."""
_TRIES = 1_000
"""Where so many values had no room and none came twice, it is no use to look any longer."""
_ROW = 20
"""A row takes at least so many bytes more than its values."""
_FILES = 3
"""So many files are named that declare what a cluster holds."""


_before, _after = itemgetter(1), itemgetter(2)  # of a field: many are looked at


class Member(NamedTuple):
    """One change, as far as a cluster is about it; ``note`` is why it is in there."""

    stage: Stage
    type_id: str
    device_id: str | None
    fields: tuple[Field, ...]
    note: str = ""
    source: Source | None = None

    @property
    def id(self) -> str:
        """What it is called among its likes."""
        return self.type_id if self.device_id is None else self.device_id


class Ids:
    """The ids of a row or cluster; folded when somebody asks, and then once."""

    def __init__(self) -> None:
        self.all: list[str] = []

    @cached_property
    def patterns(self) -> list[str]:
        """Give them as ranges."""
        return fold_ids(self.all)

    @cached_property
    def size(self) -> int:
        """Give the bytes of the patterns in a list."""
        return sum(len(pattern.encode("utf-8")) + 2 for pattern in self.patterns)

    @cached_property
    def digest(self) -> str:
        """Give 16 hex digits of the SHA-256 over the sorted ids, one a line."""
        lines = "".join(f"{each}\n" for each in sorted(self.all))
        return sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Row:
    """Changes that set the same fields from the same values to the same values."""

    def __init__(self, fields: tuple[Field, ...]) -> None:
        self.fields = fields
        self.ids = Ids()


class Cluster:
    """Changes of one action, kind and type that touch the same fields, or are too many to part.

    ``of`` tells what they share. ``left`` counts those whose values are not kept in any row.
    """

    def __init__(self, of: Member) -> None:
        self.of = of
        self.ids = Ids()
        self.rows: dict[str, Row] = {}
        self.left = 0
        self.size = 0
        self.files: dict[str, tuple[int, int]] = {}
        self._common = list(range(len(of.fields)))
        self._shared = False
        self._is_hopeless = False

    @property
    def count(self) -> int:
        """How many changes there are."""
        return len(self.ids.all)

    @property
    def common(self) -> list[Field]:
        """The fields that have the same values in all of them."""
        return [self.of.fields[at] for at in self._common]

    @property
    def varying(self) -> list[str]:
        """The paths of the fields that have not."""
        return [field.path for field in self._own(self.of.fields)]

    def values_of(self, row: Row) -> list[Field]:
        """Give what in a row is its own."""
        return self._own(row.fields)

    def _own(self, fields: Sequence[Field]) -> list[Field]:
        return [field for at, field in enumerate(fields) if at not in self._common]

    def add(self, member: Member, *, room: int) -> int:
        """Take a change in; its values too, if they are known or short enough. Give their size."""
        self.add_id(member)
        if self._is_hopeless:
            self._compare(member.fields)
            self.left += 1
            return 0
        key = _values_text(member.fields)
        row = self.rows.get(key)
        if row is not None:
            row.ids.all.append(member.id)
            self._shared = True
            return 0
        self._compare(member.fields)
        size = len(key) + _ROW
        if size > room and len(self.rows) >= _SAMPLES:
            self.left += 1
            self._is_hopeless = self.left > _TRIES and not self._shared
            return 0
        row = self.rows[key] = Row(member.fields)
        row.ids.all.append(member.id)
        self.size += size
        return size

    def add_id(self, member: Member) -> None:
        """Note who is in it, and where that is declared."""
        self.ids.all.append(member.id)
        if member.source is not None:
            file, line = member.source
            if file in self.files or len(self.files) <= _FILES:
                self.files[file] = self.files.get(file, (0, 0))[0] + 1, line

    def _compare(self, fields: Sequence[Field]) -> None:
        firsts = self.of.fields
        other = [at for at in self._common if not _is_same(firsts[at], fields[at])]
        if other:
            self._common = [at for at in self._common if at not in other]


def _values_text(fields: Sequence[Field]) -> str:
    """Give a text that is the same for the same values, in the same fields."""
    return str([*map(_before, fields), *map(_after, fields)])


def _is_same(one: Field, other: Field) -> bool:
    """Tell whether two fields are written alike: 1, 1.0 and true are not."""
    if one != other:
        return False
    return type(one.after) is type(other.after) is str or str(one) == str(other)


def gather(members: Iterable[Member], max_bytes: int) -> list[Cluster]:
    """Part changes into clusters, the largest first."""
    clusters = list(_Gathering(max_bytes).take(members))
    return sorted(clusters, key=lambda each: -each.count)


class _Gathering:
    """How much has been kept so far of what a document of ``max_bytes`` could show."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._left = _DOCUMENTS * max_bytes
        self._clusters: dict[tuple[object, ...], Cluster] = {}
        self._per_type: dict[tuple[object, ...], int] = {}

    def take(self, members: Iterable[Member]) -> Iterable[Cluster]:
        for member in members:
            self._add(member)
        return self._clusters.values()

    def _add(self, member: Member) -> None:
        paths = tuple([field.path for field in member.fields])
        family = (member.stage, _family(member))
        key = (*family, member.note, paths)
        cluster = self._clusters.get(key)
        if cluster is None:
            if self._is_full(family):
                self._add_unseen(family, member)
                return
            cluster = self._clusters[key] = Cluster(member)
            self._per_type[family] = self._per_type.get(family, 0) + 1
            self._left -= sum(map(len, paths))
        room = min(self._left, self._max_bytes - cluster.size)
        self._left -= cluster.add(member, room=room)

    def _is_full(self, family: tuple[object, ...]) -> bool:
        return self._left <= 0 and self._per_type.get(family, 0) >= _CLUSTERS

    def _add_unseen(self, family: tuple[object, ...], member: Member) -> None:
        cluster = self._clusters.get(family)
        if cluster is None:
            cluster = self._clusters[family] = Cluster(member._replace(fields=(), note=""))
        cluster.add_id(member)
        cluster.left += 1


def _family(member: Member) -> str:
    return "" if member.stage[0] is Kind.DEVICE_TYPE else member.type_id


def by_type(clusters: Sequence[Cluster]) -> Iterator[tuple[str, list[Cluster]]]:
    """Give clusters under their types, the largest type first."""
    types: dict[str, list[Cluster]] = {}
    for cluster in clusters:
        types.setdefault(_family(cluster.of), []).append(cluster)
    yield from sorted(types.items(), key=lambda item: -sum(each.count for each in item[1]))
