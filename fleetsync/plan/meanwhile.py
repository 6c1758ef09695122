"""Judge one approved change by the org of now: as planned, already so, or changed meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from fleetsync.diff.change import Action, Change, Field, change_fields
from fleetsync.diff.location import is_ignored
from fleetsync.diff.prune import Spared, may_prune
from fleetsync.model import LiveDevice, LiveDeviceType, LiveFleet
from fleetsync.model.path import parse_path
from fleetsync.model.value import canonical
from fleetsync.plan.digest import change_digest
from fleetsync.plan.precondition import ignored_by, precondition
from fleetsync.plan.saved import SavedChange, SavedPlan

_NAMED = 3
"""How many fields a reason names before it only counts."""

_SPARED = {
    Spared.PRUNE_OFF: "prune is off for it",
    Spared.GATEWAY: "a gateway registered it",
    Spared.UNKNOWN: "the org does not say that a person or an application registered it",
}


class Fate(StrEnum):
    """Why an approved change is not carried out."""

    ALREADY = "already so"
    CHANGED = "changed meanwhile"
    WITHHELD = "withheld"


class Verdict(NamedTuple):
    """What keeps an approved change from being carried out, with the reason in words."""

    fate: Fate
    reason: str


def judge(
    each: SavedChange, due: Change | None, saved: SavedPlan, live: LiveFleet
) -> Verdict | None:
    """Hold an approved change against the one that is ``due`` now; None if it is as planned."""
    if due is not None and due.action is each.action:
        return _judge_same(each, due, saved)
    if each.action is Action.DELETE:
        return _judge_undue_delete(each, live)
    if due is None:
        return Verdict(Fate.ALREADY, "the org has it as declared")
    if due.action is Action.CREATE:
        return _changed("the org does not show it any more")
    names = field_names(field.path for field in change_fields(due))
    return _changed(f"it exists by now, and differs in {names}")


def differing_fields(one: Iterable[Field], other: Iterable[Field]) -> str:
    """Name the fields that two changes do not set alike, from the same value to the same."""
    ways = [{canonical(field): field.path for field in fields} for fields in (one, other)]
    unlike = ways[0].keys() ^ ways[1].keys()
    paths = sorted({path for way in ways for text, path in way.items() if text in unlike})
    return field_names(paths)


def field_names(paths: Iterable[str]) -> str:
    """Name a few fields, and count the others."""
    names = list(paths)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _judge_same(each: SavedChange, due: Change, saved: SavedPlan) -> Verdict | None:
    """Judge a change that is due as before; a delete may show other fields, left to the device."""
    as_before = each.precondition == precondition(due)
    if each.action is Action.DELETE:
        return None if as_before else _changed(_delete_words(each, due, saved))
    if each.digest != change_digest(due):
        return _changed(differing_fields(saved.fields(each), change_fields(due)))
    return None if as_before else _changed("metadata, which it would write as a whole")


def _delete_words(each: SavedChange, due: Change, saved: SavedPlan) -> str:
    if _is_newer(due.before, saved.created_at):
        return "it was registered anew"
    ignored = ignored_by(due)
    fields = [
        [field for field in fields if not is_ignored(parse_path(field.path), ignored)]
        for fields in (saved.fields(each), change_fields(due))
    ]
    return differing_fields(*fields) or "its alert, its registration or the mark of fleetsync"


def _is_newer(found: LiveDevice | LiveDeviceType | None, made_at: str) -> bool:
    """Tell whether a device was registered after a plan was made, as far as the org says when."""
    date = found.registration.date if isinstance(found, LiveDevice) else None
    try:
        return date is not None and datetime.fromisoformat(date) > datetime.fromisoformat(made_at)
    except (ValueError, TypeError):  # no time stamp, or one without a zone
        return False


def _judge_undue_delete(each: SavedChange, live: LiveFleet) -> Verdict:
    if live.doubts:
        return Verdict(Fate.WITHHELD, f"withheld: {live.doubts[0]}")
    if each.device_id is None:
        return Verdict(Fate.ALREADY, "it is gone")
    found = live.devices.get(each.type_id, {}).get(each.device_id)
    if found is None:
        return Verdict(Fate.ALREADY, "it is gone")
    spared = may_prune(found, pruned=True)
    return _changed(_SPARED[spared] if spared else "it is not to be deleted any more")


def _changed(what: str) -> Verdict:
    return Verdict(Fate.CHANGED, f"left alone, for it changed since it was planned: {what}")
