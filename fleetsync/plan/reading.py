"""Read the whole document of a plan, line by line, into what is shown of it.

What is carried out is read by ``plan.saved``, which is stricter: a document that was edited is
shown, with a warning, but never applied. However large it is, only one change is held at a time.
"""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from fleetsync.diff.change import Field
from fleetsync.errors import FileError, StalePlanError
from fleetsync.model import Kind, Source
from fleetsync.model.presence import Presence, PresenceState
from fleetsync.plan.cost import Cost
from fleetsync.plan.document import FORMAT_VERSION
from fleetsync.plan.limits import Refusal, RefusalCode
from fleetsync.plan.plan import STAGES, Unmanaged
from fleetsync.plan.policy import read_outcomes
from fleetsync.plan.saved import MAKE_NEW
from fleetsync.plan.seal import SEAL_BEGIN, format_version, is_seal
from fleetsync.plan.view import PlanView, ReadChange, Stage, field_text

_CHANGES = (b'  "changes": [\n', b'  "changes": [],\n')
_RECORDS = b'  "records": [\n'
_RECORD = b"    {\n"
_CLOSED = b"  ],\n"
_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_ABOUT = re.compile(rf'    (\{{"action": "[a-z]+", "kind": "\w+"), "typeId": ({_STRING})'.encode())
_HEAD_OF_CHANGE = re.compile(
    rf'    \{{"action": "\w+", "kind": "\w+", "typeId": ({_STRING})(?:, "deviceId": ({_STRING}))?'
    rf', "source": (null|\{{"file": {_STRING}, "line": \d+\}}), "fields": \['
)
_END_OF_FIELDS = '], "precondition": "'
_TAIL_OF_CHANGE = re.compile(
    rf'\], "precondition": "\w+", "reason": ({_STRING})'
    rf'(?:, "presence": \{{"state": "(\w+)", "seenAt": (?:null|({_STRING}))\}})?\}},?\n'
)
_STAGES = {
    f'{{"action": "{action}", "kind": "{kind}"'.encode(): (kind, action) for kind, action in STAGES
}
_VISIBLE = bytes(range(0x20, 0x7F))
_HEAD_BYTES = 65_536
"""The document has said its numbers by then; what has not is no plan."""
_MALFORMED = (KeyError, TypeError, AttributeError, ValueError, RecursionError)

Lines = Callable[[int], Iterable[bytes]]
"""Gives the lines of a document, with their ends, from a byte on; as often as it is called."""


class _Hash(Protocol):
    """What of a hash of ``hashlib`` is used here."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""

    def hexdigest(self) -> str:
        """Give the digest of all bytes so far."""


class _Scan(NamedTuple):
    """What one walk through a document found; ``places`` says from which byte to which."""

    frame: dict[str, Any]
    sizes: dict[Stage, Counter[str]]
    places: dict[Stage, tuple[int, int]]
    records: int
    sealed: bool


def read_view(lines: Lines, *, name: str) -> PlanView:
    """Read a plan to show it; ``name`` is the file's, for messages.

    If it was changed since it was saved, that is the first of its warnings. Raises FileError for a
    document that is no plan, or whose lines are not those of one, StalePlanError for one of another
    format version.
    """
    try:
        scan = _scan(map(_visible, lines(0)), name)
        view = _view(scan, lines, name)
        if not scan.sealed:  # then nothing vouches for what only a walk would read
            for stage in STAGES:
                deque((change.fields for change in view.walk(stage)), maxlen=0)
    except _MALFORMED as error:
        raise FileError(_not_a_plan(name)) from error
    return view


def _not_a_plan(name: str) -> str:
    return f"{name}: not a plan as fleetsync saves it, or cut short; {MAKE_NEW}"


def _visible(line: bytes) -> bytes:
    """Let a line pass that is fit to be shown as it is."""
    if line.translate(None, _VISIBLE) != b"\n":
        raise ValueError(line)
    return line


def _view(scan: _Scan, lines: Lines, name: str) -> PlanView:
    frame, summary = scan.frame, scan.frame["summary"]
    calls, unmanaged = summary["apiCalls"], summary["unmanaged"]
    doubts = () if scan.sealed else (_doubt(name),)
    return PlanView(
        fleet=_text(frame["fleet"]),
        org=_text(frame["org"]),
        created_at=_text(frame["createdAt"]),
        digest=_text(frame["digest"]),
        sizes=scan.sizes,
        walk=lambda stage: _walk(stage, scan.places.get(stage), lines, name),
        records=scan.records,
        refusals=tuple(map(_refusal, frame["refusals"])),
        warnings=(*doubts, *map(_text, frame["warnings"])),
        unmanaged=Unmanaged(_count(unmanaged["deviceTypes"]), _count(unmanaged["devices"])),
        withheld=_count(frame["withheld"]),
        cost=Cost(*(_count(calls.get(each, 0)) for each in Cost._fields)),
        calls_per_second=_count(calls["callsPerSecond"]) or 1,
        undoes=None if "undoes" not in frame else _text(frame["undoes"]),
        doubts=doubts,
        policies=read_outcomes(frame.get("policies", ())),
    )


def _doubt(name: str) -> str:
    return (
        f"{name} was changed since it was saved: what stands here may never have been planned, and"
        " apply will refuse it"
    )


class _Tally:
    """What has been seen of the changes so far, by how their lines begin."""

    def __init__(self) -> None:
        self._begins: dict[bytes, int] = {}
        self._sizes: dict[bytes, Counter[bytes]] = {}
        self._last = b""
        self._names: Counter[bytes] = Counter()

    def add(self, line: bytes, begin: int) -> None:
        """Count a change; what else its line says is read when it is shown."""
        about = _ABOUT.match(line)
        if about is None:
            raise ValueError(line)
        stage, name = about.groups()
        if stage != self._last:
            if stage in self._begins:
                raise ValueError("its changes are not in the order of work")
            self._last, self._begins[stage] = stage, begin
            self._names = self._sizes[stage] = Counter()
        self._names[name] += 1

    def places(self, end: int) -> dict[Stage, tuple[int, int]]:
        """Say from which byte to which the changes of each stage stand; all end at ``end``."""
        begins = [*self._begins.values(), end]
        places = {_STAGES[s]: (begins[n], begins[n + 1]) for n, s in enumerate(self._begins)}
        if list(places) != [stage for stage in STAGES if stage in places]:
            raise ValueError("its changes are not in the order of work")
        return places

    def sizes(self) -> dict[Stage, Counter[str]]:
        """Count the changes of each stage by their type."""
        return {
            _STAGES[stage]: Counter(
                {_text(json.loads(name)): count for name, count in sizes.items()}
            )
            for stage, sizes in self._sizes.items()
        }


def _scan(lines: Iterator[bytes], name: str) -> _Scan:
    head = list(_head(lines))
    _check_version(b"".join(head), name)
    whole, tally = sha256(b"".join(head)), _Tally()
    at = sum(map(len, head))
    if head[-1] == _CHANGES[0]:
        for line in _until_closed(lines):
            whole.update(line)
            tally.add(line, at)
            at += len(line)
        whole.update(_CLOSED)
        head.append(_CLOSED)
    tail, records, sealed = _read_tail(lines, whole)
    frame = json.loads(b"".join([*head, *tail]))
    if frame["changes"] or frame["records"]:
        raise ValueError("something stands where nothing can")
    return _Scan(frame, tally.sizes(), tally.places(at), records, sealed)


def _check_version(head: bytes, name: str) -> None:
    version = format_version(head)
    if version not in (None, str(FORMAT_VERSION)):
        raise StalePlanError(
            f"{name}: its format version is {version}, this fleetsync reads {FORMAT_VERSION};"
            f" {MAKE_NEW}"
        )


def _head(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Give the lines up to the list of changes, and the one that begins it."""
    size = 0
    for line in lines:
        yield line
        size += len(line)
        if line in _CHANGES:
            return
        if size > _HEAD_BYTES:
            break
    raise ValueError("there is no list of changes")


def _until_closed(lines: Iterator[bytes]) -> Iterator[bytes]:
    for line in lines:
        if line == _CLOSED:
            return
        yield line
    raise ValueError("the list of changes does not end")


def _read_tail(lines: Iterator[bytes], whole: _Hash) -> tuple[list[bytes], int, bool]:
    """Give what stands behind the changes, the records only counted, and whether it is sealed."""
    tail: list[bytes] = []
    records, within = 0, False
    for line in lines:
        if line.startswith(SEAL_BEGIN):
            last = [line, *lines]
            return [*tail, *last], records, is_seal(b"".join(last), whole.hexdigest())
        whole.update(line)
        within = within and line != _CLOSED
        if within:
            records += line == _RECORD
        else:
            tail.append(line)
            within = line == _RECORDS
    return tail, records, False


def _walk(
    stage: Stage, place: tuple[int, int] | None, lines: Lines, name: str
) -> Iterator[ReadChange]:
    """Go through the changes of one stage."""
    if place is None:
        return
    at, end = place
    try:
        for line in lines(at):
            yield _read_change(line, stage)
            at += len(line)
            if at >= end:
                return
    except _MALFORMED as error:
        raise FileError(_not_a_plan(name)) from error
    raise FileError(f"{name}: was cut short while it was read; run again")


def _read_change(line: bytes, stage: Stage) -> ReadChange:
    """Read one change: a line of its own, whose fields are only parted."""
    text = str(line, "ascii")
    head = _HEAD_OF_CHANGE.match(text)
    close = text.rindex(_END_OF_FIELDS)
    tail = _TAIL_OF_CHANGE.fullmatch(text, close)
    if head is None or tail is None or head.end() > close:
        raise ValueError(line)
    device_id = head[2] and _string(head[2])
    kind, action = stage
    if (kind is Kind.DEVICE) is not isinstance(device_id, str):
        raise ValueError(line)
    texts = _field_texts(text[head.end() : close])
    type_id, reason = _string(head[1]), _string(tail[1])
    presence = None if tail[2] is None else _presence(tail[2], tail[3])
    return ReadChange(action, kind, type_id, device_id, reason, _source(head[3]), texts, presence)


def _field_texts(text: str) -> list[str]:
    """Part the fields of a change: they follow each other like nothing else, but within a list."""
    if not text:
        return []
    if "[" in text:
        fields = [(f["path"], f["before"], f["after"]) for f in json.loads(f"[{text}]")]
        return [field_text(Field(*field)) for field in fields]
    first, *others = text.split('}, {"path": ')
    texts = [first.removeprefix('{"path": '), *others]
    texts[-1] = texts[-1].removesuffix("}")
    return texts


def _string(text: str) -> str:
    """Read a JSON text; most have no escapes in them."""
    return str(json.loads(text)) if "\\" in text else text[1:-1]


def _presence(state: str, seen_at: str | None) -> Presence:
    return Presence(PresenceState(state), None if seen_at is None else _string(seen_at))


@lru_cache(maxsize=1024)
def _source(text: str) -> Source | None:
    source = json.loads(text)
    return None if source is None else Source(_text(source["file"]), _count(source["line"]))


def _refusal(document: dict[str, Any]) -> Refusal:
    deletes = document["deletes"]
    return Refusal(
        RefusalCode(document["code"]),
        _text(document["message"]),
        None if deletes is None else _count(deletes),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise TypeError(value)
    return int(value)
