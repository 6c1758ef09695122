"""Read a saved plan back, and tell whether it is meant for this fleet, org and these manifests.

What is carried out is planned afresh; of the document only what is held against that counts, and it
is read with care here, line by line: the schema is for other readers, and too slow for a million
changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from fleetsync.diff.change import Action, Change, Field
from fleetsync.errors import FileError, StalePlanError
from fleetsync.model import DeviceKey, Kind, Source
from fleetsync.model.value import canonical
from fleetsync.plan.document import FORMAT_VERSION
from fleetsync.plan.plan import Plan
from fleetsync.plan.policy import read_outcomes
from fleetsync.plan.seal import format_version, is_sealed, looks_like_plan

MAKE_NEW = "make a new plan with: fleetsync plan --out FILE"
_BEGIN = b'\n  "changes": ['
_END = b"\n  ]"
_MALFORMED = (KeyError, TypeError, AttributeError, ValueError, RecursionError)


class SavedChange(NamedTuple):
    """One change of a saved plan; ``digest`` is as ``change_digest`` gives it.

    ``begin`` and ``end`` tell where in the document it stands, for what is seldom asked for.
    """

    action: Action
    type_id: str
    device_id: str | None
    precondition: str
    digest: bytes
    begin: int
    end: int

    @property
    def name(self) -> str:
        """The type id, or ``type/device``."""
        return self.type_id if self.device_id is None else f"{self.type_id}/{self.device_id}"


class SavedPlan(NamedTuple):
    """What of a saved plan counts when it is applied, and the document itself.

    ``moved`` are the devices that get another location, ``records`` those on which only a note
    shall be made. ``withheld`` counts the deletes that were due but not planned.
    """

    fleet: str
    org: str
    created_at: str
    manifest_digest: str
    digest: str
    changes: tuple[SavedChange, ...]
    moved: frozenset[DeviceKey]
    records: frozenset[DeviceKey]
    withheld: int
    data: bytes
    undoes: str | None = None

    def fields(self, saved: SavedChange) -> list[Field]:
        """Give from what to what a change sets its fields."""
        document = json.loads(self.data[saved.begin : saved.end])
        return [Field(*_field(field)) for field in document["fields"]]

    def change(self, saved: SavedChange) -> Change:
        """Give the change as far as a report tells of it."""
        document = json.loads(self.data[saved.begin : saved.end])
        source = document["source"]
        return Change(
            saved.action,
            saved.type_id,
            saved.device_id,
            document["reason"],
            None if source is None else Source(**source),
        )


def parse_saved_plan(data: bytes, *, name: str) -> SavedPlan:
    """Read a saved plan; ``name`` is the file's, for messages.

    Raises FileError for a file that is no plan, StalePlanError for one of another format version or
    one that was changed since it was saved.
    """
    version = format_version(data)
    if version not in (None, str(FORMAT_VERSION)):
        raise StalePlanError(
            f"{name}: its format version is {version}, this fleetsync reads {FORMAT_VERSION};"
            f" {MAKE_NEW}"
        )
    if not is_sealed(data):
        if looks_like_plan(data):
            raise StalePlanError(f"{name}: was changed or cut short since it was saved; {MAKE_NEW}")
        raise FileError(f"{name}: not a plan that fleetsync saved; {MAKE_NEW}")
    try:
        saved = _parse(data)
    except _MALFORMED as error:
        raise FileError(f"{name}: not a plan that fleetsync saved; {MAKE_NEW}") from error
    if saved.digest != _digest_of(saved.changes):
        raise StalePlanError(
            f"{name}: its changes are not those of its digest; somebody wrote it anew; {MAKE_NEW}"
        )
    return saved


def check_still_fits(saved: SavedPlan, plan: Plan, *, name: str) -> None:
    """Hold a saved plan against the one made just now; raises StalePlanError.

    It must have been made for the same fleet, org and manifests. Whether each of its changes still
    fits is not judged here.
    """
    if saved.undoes is not None:
        raise StalePlanError(
            f"{name}: the plan of an undo, which is made afresh each time; carry it out with:"
            f" fleetsync undo {saved.undoes}"
        )
    for what, before, now in (
        ("fleet", saved.fleet, plan.fleet),
        ("org", saved.org, plan.org),
    ):
        if before != now:
            raise StalePlanError(f"{name}: made for {what} {before!r}, not for {now!r}; {MAKE_NEW}")
    if saved.manifest_digest != plan.manifest_digest:
        raise StalePlanError(
            f"{name}: fleet.yaml or a manifest was changed since the plan was made; {MAKE_NEW}"
        )


def _parse(data: bytes) -> SavedPlan:
    """Read a sealed document; raises one of _MALFORMED where it is none of ours."""
    begin = data.index(_BEGIN) + len(_BEGIN)
    rest = _end_of_changes(data, begin)
    frame = json.loads(data[:begin] + data[rest:])
    moved: set[DeviceKey] = set()
    changes = tuple(_changes(data, begin, rest, moved.add))
    if len({each.name for each in changes}) < len(changes) or frame["changes"]:
        raise ValueError("a change stands in it twice, or where none can be")
    read_outcomes(frame.get("policies", ()))  # policies are asked anew; it only must be ours
    return SavedPlan(
        fleet=_text(frame["fleet"]),
        org=_text(frame["org"]),
        created_at=_text(frame["createdAt"]),
        manifest_digest=_text(frame["manifestDigest"]),
        digest=_text(frame["digest"]),
        changes=changes,
        moved=frozenset(moved),
        records=frozenset(map(_key, frame["records"])),
        withheld=int(frame["withheld"]),
        data=data,
        undoes=None if "undoes" not in frame else _text(frame["undoes"]),
    )


def _end_of_changes(data: bytes, begin: int) -> int:
    """Find where the list of changes is closed: at once, or on a line of its own."""
    return begin if data[begin : begin + 1] == b"]" else data.index(_END, begin)


def _changes(
    data: bytes, begin: int, end: int, note_move: Callable[[DeviceKey], None]
) -> Iterator[SavedChange]:
    while begin < end:
        line_end = data.find(b"\n", begin + 1, end)
        line_end = end if line_end < 0 else line_end
        stop = line_end - 1 if data[line_end - 1 : line_end] == b"," else line_end
        document = json.loads(data[begin:stop])
        change = _read_change(document, begin, stop)
        if change.action is Action.UPDATE and _moves(document):
            note_move(_key(document))
        yield change
        begin = line_end


def _read_change(document: dict[str, Any], begin: int, end: int) -> SavedChange:
    fields = sorted(map(_field, document["fields"]), key=lambda field: field[0])
    kind, device_id = Kind(document["kind"]), document.get("deviceId")
    if (kind is Kind.DEVICE) is not isinstance(device_id, str):
        raise ValueError(kind)
    action, type_id = Action(document["action"]), _text(document["typeId"])
    about = [action, kind, type_id, device_id, fields]
    seen = _text(document["precondition"])
    digest = sha256(canonical(about)).digest()
    return SavedChange(action, type_id, device_id, seen, digest, begin, end)


def _moves(document: dict[str, Any]) -> bool:
    return any(field["path"].startswith("location.") for field in document["fields"])


def _field(field: dict[str, Any]) -> tuple[str, Any, Any]:
    return _text(field["path"]), field["before"], field["after"]


def _key(document: dict[str, Any]) -> DeviceKey:
    return DeviceKey(_text(document["typeId"]), _text(document["deviceId"]))


def _digest_of(changes: tuple[SavedChange, ...]) -> str:
    """Digest changes as ``plan_digest`` does."""
    whole = sha256(b"".join(sorted(each.digest for each in changes)))
    return f"sha256:{whole.hexdigest()}"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
