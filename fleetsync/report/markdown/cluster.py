"""Gather changes by what they have in common, so that a million of them are a few lines.

A cluster holds changes of one action, kind and type that touch the same fields; its rows hold those
that set the same values as well. Of values no more is kept than a document could ever show; ids are
kept all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import sha256
from itertools import chain
from typing import NamedTuple

from fleetsync.diff.change import Field
from fleetsync.model import Kind, Source
from fleetsync.plan.view import Stage, parse_field
from fleetsync.report.ids import fold_ids

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


class Member(NamedTuple):
    """One change, as far as a cluster is about it.

    ``texts`` are those of its fields, in order of their paths; ``note`` is why it is in there.
    """

    stage: Stage
    type_id: str
    device_id: str | None
    texts: tuple[str, ...]
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

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.texts = texts
        self.ids = Ids()


class Cluster:
    """Changes of one action, kind and type that touch the same fields, or are too many to part.

    ``of`` tells what they share. ``left`` counts those whose values are not kept in any row.
    """

    def __init__(self, of: Member) -> None:
        self.of = of
        self.ids = Ids()
        self.rows: dict[tuple[str, ...], Row] = {}
        self.left = 0
        self.size = 0
        self.files: dict[str, tuple[int, int]] = {}
        self._common = list(range(len(of.texts)))
        self._shared = False
        self._is_hopeless = False

    @property
    def count(self) -> int:
        """How many changes there are."""
        return len(self.ids.all)

    @property
    def paths(self) -> list[str]:
        """Name the fields that they touch."""
        return [parse_field(text).path for text in self.of.texts]

    @property
    def common(self) -> list[Field]:
        """The fields that have the same values in all of them."""
        return [parse_field(self.of.texts[at]) for at in self._common]

    @property
    def varying(self) -> list[str]:
        """The paths of the fields that have not."""
        return [field.path for field in self._own(self.of.texts)]

    def values_of(self, row: Row) -> list[Field]:
        """Give what in a row is its own."""
        return self._own(row.texts)

    def _own(self, texts: Sequence[str]) -> list[Field]:
        return [parse_field(text) for at, text in enumerate(texts) if at not in self._common]

    def add(self, member: Member, *, room: int) -> int:
        """Take a change in; its values too, if they are known or short enough. Give their size."""
        self.add_id(member)
        if self._is_hopeless:
            self._compare(member.texts)
            self.left += 1
            return 0
        row = self.rows.get(member.texts)
        if row is not None:
            row.ids.all.append(member.id)
            self._shared = True
            return 0
        self._compare(member.texts)
        size = sum(map(len, member.texts)) + _ROW
        if size > room and len(self.rows) >= _SAMPLES:
            self.left += 1
            self._is_hopeless = self.left > _TRIES and not self._shared
            return 0
        row = self.rows[member.texts] = Row(member.texts)
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

    def _compare(self, texts: Sequence[str]) -> None:
        firsts = self.of.texts
        common = [at for at in self._common if firsts[at] == texts[at]]
        if len(common) < len(self._common):
            self._common = common


def gather(members: Iterable[Member], max_bytes: int) -> list[Cluster]:
    """Part changes into clusters, the largest first."""
    clusters = list(_Gathering(max_bytes).take(members))
    return sorted(clusters, key=lambda each: -each.count)


class _Gathering:
    """How much has been kept so far of what a document of ``max_bytes`` could show."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._left = _DOCUMENTS * max_bytes
        self._stages: dict[Stage, dict[tuple[str, ...], Cluster]] = {}
        self._stage: Stage | None = None
        self._clusters: dict[tuple[str, ...], Cluster] = {}
        self._per_type: Counter[tuple[Stage, str]] = Counter()

    def take(self, members: Iterable[Member]) -> Iterator[Cluster]:
        """Go through changes, and give their clusters."""
        for member in members:
            self._add(member)
        return chain.from_iterable(clusters.values() for clusters in self._stages.values())

    def _add(self, member: Member) -> None:
        if member.stage is not self._stage:  # to look a stage up takes longer than all else here
            self._stage = member.stage
            self._clusters = self._stages.setdefault(member.stage, {})
        key = (_family(member), member.note, *[_path(text) for text in member.texts])
        cluster = self._clusters.get(key)
        if cluster is None:
            cluster = self._begin(key, member)
        if cluster is None:
            self._add_unseen(member)
            return
        room = min(self._left, self._max_bytes - cluster.size)
        self._left -= cluster.add(member, room=room)

    def _begin(self, key: tuple[str, ...], member: Member) -> Cluster | None:
        """Begin a cluster, unless there are enough of this type and no room for more."""
        family = member.stage, _family(member)
        if self._left <= 0 and self._per_type[family] >= _CLUSTERS:
            return None
        self._per_type[family] += 1
        self._left -= sum(map(len, key[2:]))
        cluster = self._clusters[key] = Cluster(member)
        return cluster

    def _add_unseen(self, member: Member) -> None:
        key = (_family(member),)
        cluster = self._clusters.get(key)
        if cluster is None:
            cluster = self._clusters[key] = Cluster(member._replace(texts=(), note=""))
        cluster.add_id(member)
        cluster.left += 1


def _path(text: str) -> str:
    """Give the path of a field, as its text begins with it."""
    return text[: text.index('", "before": ')]


def _family(member: Member) -> str:
    return "" if member.stage[0] is Kind.DEVICE_TYPE else member.type_id


def by_type(clusters: Sequence[Cluster]) -> Iterator[tuple[str, list[Cluster]]]:
    """Give clusters under their types, the largest type first."""
    types: dict[str, list[Cluster]] = {}
    for cluster in clusters:
        types.setdefault(_family(cluster.of), []).append(cluster)
    yield from sorted(types.items(), key=lambda item: -sum(each.count for each in item[1]))
