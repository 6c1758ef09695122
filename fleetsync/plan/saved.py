"""Read a saved plan back, and tell whether it still fits.

What is carried out is planned afresh; of the document only what is held against that counts, and it
is read with care here: the schema is for other readers, and too slow for a million changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from fleetsync.errors import FileError, StalePlanError
from fleetsync.model import DeviceKey
from fleetsync.model.value import canonical
from fleetsync.plan.document import FORMAT_VERSION
from fleetsync.plan.plan import Plan

_AGAIN = "make a new plan with: fleetsync plan --out FILE"


class SavedPlan(NamedTuple):
    """What of a saved plan must hold true when it is applied; ``moved`` get another location."""

    fleet: str
    org: str
    manifest_digest: str
    digest: str
    moved: frozenset[DeviceKey] = frozenset()


def parse_saved_plan(data: bytes, *, name: str) -> SavedPlan:
    """Read a saved plan; ``name`` is the file's, for messages.

    Raises FileError for a file that is no plan, StalePlanError for one of another format version or
    one that was changed since it was saved.
    """
    document = _parse(data, name)
    version = document.get("formatVersion")
    if "formatVersion" not in document:
        raise FileError(f"{name}: not a plan that fleetsync saved; {_AGAIN}")
    if version != FORMAT_VERSION:
        raise StalePlanError(
            f"{name}: its format version is {version!r:.20}, this fleetsync reads {FORMAT_VERSION};"
            f" {_AGAIN}"
        )
    try:
        digest = _digest_of(document["changes"])
        saved = SavedPlan(
            fleet=_text(document["fleet"]),
            org=_text(document["org"]),
            manifest_digest=_text(document["manifestDigest"]),
            digest=_text(document["digest"]),
            moved=frozenset(_moved(document["changes"])),
        )
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise FileError(f"{name}: not a plan that fleetsync saved; {_AGAIN}") from error
    if digest != saved.digest:
        raise StalePlanError(f"{name}: changed since it was saved (its digest differs); {_AGAIN}")
    return saved


def check_still_fits(saved: SavedPlan, plan: Plan, *, name: str) -> None:
    """Hold a saved plan against the one made just now; raises StalePlanError if they differ."""
    for what, before, now in (
        ("fleet", saved.fleet, plan.fleet),
        ("org", saved.org, plan.org),
    ):
        if before != now:
            raise StalePlanError(f"{name}: made for {what} {before!r}, not for {now!r}; {_AGAIN}")
    if saved.manifest_digest != plan.manifest_digest:
        raise StalePlanError(
            f"{name}: fleet.yaml or a manifest was changed since the plan was made; {_AGAIN}"
        )
    if saved.digest != plan.digest:
        raise StalePlanError(
            f"{name}: the org was changed since the plan was made, so that other changes are due"
            f" now; {_AGAIN}"
        )


def _parse(data: bytes, name: str) -> Mapping[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FileError(f"{name}: not a plan that fleetsync saved (no JSON); {_AGAIN}") from error
    if not isinstance(document, dict):
        raise FileError(f"{name}: not a plan that fleetsync saved; {_AGAIN}")
    return document


def _digest_of(changes: list[dict[str, Any]]) -> str:
    """Digest changes as ``plan_digest`` does, from their written form."""
    digests = []
    for change in changes:
        fields = [
            [_text(field["path"]), field["before"], field["after"]] for field in change["fields"]
        ]
        fields.sort(key=lambda field: field[0])
        device_id = change.get("deviceId")
        about = [change["action"], change["kind"], change["typeId"], device_id, fields]
        digests.append(sha256(canonical(about)).digest())
    return f"sha256:{sha256(b''.join(sorted(digests))).hexdigest()}"


def _moved(changes: list[dict[str, Any]]) -> Iterator[DeviceKey]:
    for change in changes:
        paths = [field["path"] for field in change["fields"]]
        if change["action"] == "update" and any(path.startswith("location.") for path in paths):
            yield DeviceKey(_text(change["typeId"]), _text(change["deviceId"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
