"""Let single items of a bulk request fail, or let the answer lie about them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fleetsync.emulator.faults import ADD_FAULTS, REMOVE_FAULTS
from fleetsync.emulator.mishap import BULK_REMOVE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleetsync.emulator.mishap import Incident
    from fleetsync.emulator.wire import Sent

_NOT_DONE = frozenset({"item_fails", "item_seems_removed"})
_TAKEN = frozenset({200, 201, 202})
_SOME_FAILED = 202

_Fates = list[str | None]
_Item = dict[str, Any]


def carry_with_faults(body: bytes, incident: Incident, carry: Callable[[bytes], Sent]) -> Sent:
    """Let ``carry`` take the items that nothing keeps from it, and return the answer for all."""
    items = _read_items(body)
    fates = [_fate(incident, number) for number in range(len(items))]
    if not any(fates):
        return carry(body)
    kept = [item for item, fate in zip(items, fates, strict=True) if fate not in _NOT_DONE]
    sent = carry(_write(kept))
    # No item at all is refused with 400; that the caller may ask has been found out by then.
    results = [] if not kept and sent.status == 400 else _read_results(sent)
    if results is None:
        return sent
    for item, fate in zip(items, fates, strict=True):
        if fate:
            incident.note(fate, f"{item.get('typeId')}/{item.get('deviceId')}")
    return _answer(sent, _weave(items, fates, results), incident)


def _read_items(body: bytes) -> list[_Item]:
    """Return the items, or none if the body is not what it should be: others will say so."""
    try:
        items = json.loads(body)
    except (ValueError, RecursionError):
        return []
    is_good = isinstance(items, list) and all(isinstance(item, dict) for item in items)
    return items if is_good else []


def _read_results(sent: Sent) -> list[_Item] | None:
    """Return the results, None if the request was refused as a whole."""
    if sent.status not in _TAKEN:
        return None
    results: list[_Item] = json.loads(sent.body)
    return results


def _fate(incident: Incident, number: int) -> str | None:
    return incident.pick(REMOVE_FAULTS if incident.call == BULK_REMOVE else ADD_FAULTS, number)


def _weave(items: Sequence[_Item], fates: _Fates, results: Sequence[_Item]) -> list[_Item]:
    """Return the results as they are told, in the order of the request."""
    true = iter(results)
    told: list[_Item] = []
    for item, fate in zip(items, fates, strict=True):
        result = {} if fate in _NOT_DONE else next(true)
        if fate == "item_left_out":
            continue
        ids: _Item = {key: item[key] for key in ("typeId", "deviceId") if key in item}
        told.append({**ids, "success": fate == "item_seems_removed"} if fate else result)
    return told


def _answer(sent: Sent, told: list[_Item], incident: Incident) -> Sent:
    failed = any(result.get("success") is not True for result in told)
    is_remove = incident.call == BULK_REMOVE
    status = _SOME_FAILED if (failed and not is_remove) or sent.status == 400 else sent.status
    kind = "application/json; charset=utf-8"
    return sent.with_body(_write(told), status=status, kind=kind)


def _write(items: list[_Item]) -> bytes:
    """Return compact JSON, no longer than what was sent, so that it stays under the limit."""
    text = json.dumps(items, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")
