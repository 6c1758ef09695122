"""Carry out the bulk calls: each item is judged on its own (platform pages 4.2 and 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from fleetsync.emulator import check
from fleetsync.emulator.device import (
    Template,
    check_quota,
    delete_device,
    insert_device,
    new_row,
    read_template,
)
from fleetsync.emulator.device_type import find_type
from fleetsync.emulator.new_device import NewDevice, read_item
from fleetsync.emulator.refusal import Violation, invalid

if TYPE_CHECKING:
    from fleetsync.emulator.turn import Turn
    from fleetsync.emulator.value import JSON, JSONObject

_REMOVE_KEYS = frozenset({"typeId", "deviceId"})

Results: TypeAlias = "list[JSON]"


class Item(NamedTuple):
    """An item of a bulk add: as it was sent, as it was read, and why it fails if it does."""

    sent: JSON
    new: NewDevice | None
    fault: Violation | None


def add_devices(turn: Turn, body: JSON) -> tuple[int, Results]:
    """Add devices; return the status and one result per item, in the order of the request."""
    items = _read_items(turn, _read_array(turn, body))
    templates: dict[str, Template | None] = {}
    results = [_add_item(turn, item, templates) for item in items]
    check_quota(turn)
    failed = any(result["success"] is False for result in results)
    return 202 if failed else int(turn.switches.bulk_add), [*results]


def remove_devices(turn: Turn, body: JSON) -> tuple[int, Results]:
    """Remove devices; absent ones count as removed (platform page 4.3)."""
    found: check.Found = []
    items = [_read_remove(turn, item, found) for item in _read_array(turn, body)]
    if found:
        raise invalid(found)
    results: Results = []
    for item in items:
        type_id, device_id = item.get("typeId"), item.get("deviceId")
        if isinstance(type_id, str) and isinstance(device_id, str):
            delete_device(turn, type_id, device_id)
        results.append({**item, "success": True})
    return int(turn.switches.bulk_remove), results


def _read_array(turn: Turn, body: JSON) -> list[JSON]:
    if not isinstance(body, list):
        raise invalid([check.wrong_type("The body", "an array")])
    if not body and turn.switches.bulk_empty == "400":
        raise invalid([Violation("EMU1011E", "The array is empty.")])
    return body


def _read_items(turn: Turn, body: list[JSON]) -> list[Item]:
    """Read all items before the first is added: one bad value may refuse the request (Q6)."""
    refused: check.Found = []
    items = []
    for sent in body:
        found: check.Found = []
        new = read_item(turn, check.read_object(sent, "An item", found), found)
        fault = found[0] if found else new.token_fault
        items.append(Item(sent, None if found else new, fault))
        refused.extend(found)
    if refused and turn.switches.bulk_bad_item == "request":
        raise invalid(refused)
    return items


def _add_item(turn: Turn, item: Item, templates: dict[str, Template | None]) -> JSONObject:
    if item.new is None or item.fault is not None:
        return _failed(turn, item.sent, item.fault)
    type_id = item.new.type_id
    if type_id not in templates:
        row = find_type(turn, type_id)
        templates[type_id] = row and read_template(row)
    template = templates[type_id]
    if template is None:
        return _failed(turn, item.sent, Violation("EMU1010E", "There is no such device type."))
    added, token = new_row(turn, item.new, template)
    if not insert_device(turn, added):
        return _failed(turn, item.sent, Violation("EMU1012E", "The device exists already."))
    return {
        "typeId": type_id,
        "deviceId": item.new.device_id,
        "success": True,
        "authToken": token,
    }


def _failed(turn: Turn, sent: JSON, fault: Violation | None) -> JSONObject:
    """Return the result of a failed item: its ids as they were sent, never a token (Q5)."""
    result: JSONObject = {}
    if isinstance(sent, dict):
        result = {key: sent[key] for key in ("typeId", "deviceId") if key in sent}
    result["success"] = False
    if fault and turn.switches.failed_item_message:
        result["message"] = f"{fault.id}: {fault.text}"
    return result


def _read_remove(turn: Turn, item: JSON, found: check.Found) -> JSONObject:
    """Read an item of a remove; even ``{}`` is taken (platform page 4.3)."""
    given = check.read_object(item, "An item", found)
    check.check_keys(given, _REMOVE_KEYS, turn.switches, found)
    for key in _REMOVE_KEYS & given.keys():
        if given[key] is not None and not isinstance(given[key], str):
            found.append(check.wrong_type(key, "a string"))
    return {key: given[key] for key in ("typeId", "deviceId") if key in given}
