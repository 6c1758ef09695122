"""Draw what a journal can hold, and write it down as one."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import strategies as st

from fleetsync.journal.entry import (
    Aim,
    Answer,
    Before,
    Deed,
    End,
    Ending,
    Entry,
    Head,
    Name,
    Request,
    Seen,
    Sight,
    entry_object,
)
from fleetsync.journal.line import FIRST, write_line
from fleetsync.journal.run import Noted, read_entries
from fleetsync.model import LiveDevice, LiveDeviceType, Location
from fleetsync.model.live import Registration

AT = "2026-11-23T17:00:00Z"
RUN = "20261123T170000-0123456789"
HEAD = Head(RUN, "apply", "emea", "abc123", "sha256:0f", "client", {"device create": 2})


def as_json_text(text: str) -> str:
    """Join halves of characters that stand side by side, as any JSON reader does."""
    return str(json.loads(json.dumps(text)))


TEXTS = st.text(st.characters(exclude_categories=())).map(as_json_text)
IDS = st.text("abcXYZ019._-", min_size=1, max_size=6) | TEXTS
COUNTS = st.dictionaries(TEXTS, st.integers(0, 10**9), max_size=3)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(TEXTS, JSONS, max_size=3)


def grouped(names: Iterable[Name]) -> tuple[Name, ...]:
    """Put the names of each type together, as a journal gives them back."""
    groups: dict[str, list[Name]] = {}
    for name in names:
        groups.setdefault(name[0], []).append(name)
    return tuple(name for group in groups.values() for name in group)


NAMES = st.lists(st.tuples(IDS, st.none() | IDS), max_size=5).map(grouped)
HEADS = st.builds(Head, st.just(RUN), TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, COUNTS, st.none() | TEXTS)
NUMBERS = st.integers(0, 1 << 40)
PLACES = st.builds(
    Location,
    st.floats(-90, 90),
    st.integers(-180, 180),
    st.none() | st.floats(-1e6, 1e6),
    st.none() | st.floats(0, 1e6),
    st.none() | TEXTS,
)
FIELDS = st.lists(st.tuples(TEXTS, JSONS, JSONS), max_size=2).map(tuple)
INFOS = st.dictionaries(TEXTS, TEXTS, max_size=3)
LIVE_TYPES = st.builds(LiveDeviceType, IDS, TEXTS, TEXTS, INFOS, OBJECTS, JSONS)
AUTHORS = st.builds(Registration, *[st.none() | TEXTS] * 3)
LIVE_DEVICES = st.builds(
    LiveDevice, IDS, IDS, INFOS, OBJECTS, JSONS, st.booleans(), AUTHORS, st.booleans()
)


def before(live: LiveDevice | LiveDeviceType, *others: Any) -> Before:
    device = live.device_id if isinstance(live, LiveDevice) else None
    return Before((live.type_id, device), live, *others)


BEFORES = st.builds(
    before, LIVE_DEVICES | LIVE_TYPES, st.none() | PLACES, st.booleans(), st.booleans(), FIELDS
)
LATER: st.SearchStrategy[Entry] = st.one_of(
    st.builds(Request, NUMBERS, st.sampled_from(Deed), NAMES, NAMES),
    st.builds(Answer, NUMBERS, st.sampled_from(Ending), NAMES, NAMES, TEXTS),
    BEFORES,
    st.builds(Seen, st.sampled_from(Sight), NAMES),
    st.builds(Aim, NAMES, NAMES),
    st.builds(End, TEXTS, COUNTS, st.booleans()),
)
JOURNALS: st.SearchStrategy[list[Entry]] = st.builds(
    lambda head, later: [head, *later], HEADS, st.lists(LATER, max_size=6)
)


def written(entries: Sequence[Entry]) -> bytes:
    """Give the file of a journal."""
    check, lines = FIRST, []
    for entry in entries:
        line, check = write_line({"at": AT, **entry_object(entry)}, check)
        lines.append(line)
    return b"".join(lines)


def entries_of(data: bytes) -> list[Entry]:
    return [noted.entry for noted in noted_in(data)]


def noted_in(data: bytes) -> list[Noted]:
    return list(read_entries(io.BytesIO(data)))
