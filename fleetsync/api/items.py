"""Read what a bulk request did to each of its items; the status alone proves nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.api.answer import platform_words
from fleetsync.errors import OutcomeUnknownError
from fleetsync.model.key import DeviceKey
from fleetsync.model.token import Token

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fleetsync.api.masking import Mask
    from fleetsync.model.value import JSON

_KNOWN = frozenset({"typeId", "deviceId", "success", "authToken"})
_SILENT = "the org's answer does not speak of it"
_TORN = "the org's answer contradicts itself about it"

Item = dict[str, "JSON"]


class ItemResult(NamedTuple):
    """What became of one item of a bulk request.

    ``success`` is None where the answer does not tell. ``token`` is what the org gave or echoed.
    ``detail`` is whatever else the org said of the item, fit to be shown (platform page 4.2).
    """

    key: DeviceKey
    success: bool | None
    token: Token | None = None
    detail: str = ""


def match_items(body: JSON, asked: Sequence[DeviceKey], mask: Mask) -> list[ItemResult]:
    """Find each asked item in the answer by its key, for the order is only assumed to be kept.

    An answer that is no list says nothing: OutcomeUnknownError.
    """
    if not isinstance(body, list):
        raise OutcomeUnknownError(
            "the org's answer to a bulk request is no list, so nobody knows what became of its "
            "items; run again to find out"
        )
    found: dict[DeviceKey, list[Item]] = {}
    for item in body:
        if isinstance(item, dict) and (key := _key_of(item)):
            found.setdefault(key, []).append(item)
    return [_judge(key, found.get(key, []), mask) for key in asked]


def read_keys(items: Sequence[bytes]) -> list[DeviceKey]:
    """Give the keys of encoded items, as :func:`fleetsync.api.body.device_body` makes them."""
    decoded = map(json.loads, items)
    return [DeviceKey(item["typeId"], item["deviceId"]) for item in decoded]


def read_secrets(items: Sequence[bytes]) -> Iterator[str]:
    """Give the tokens in encoded items one by one; nothing is read before the first is wanted."""
    for item in items:
        token = json.loads(item).get("authToken")
        if token:
            yield token


def _key_of(item: Item) -> DeviceKey | None:
    type_id, device_id = item.get("typeId"), item.get("deviceId")
    if isinstance(type_id, str) and isinstance(device_id, str):
        return DeviceKey(type_id, device_id)
    return None


def _judge(key: DeviceKey, found: list[Item], mask: Mask) -> ItemResult:
    if not found:
        return ItemResult(key, None, detail=_SILENT)
    verdicts = {_succeeded(item) for item in found}
    success = verdicts.pop() if len(verdicts) == 1 else None
    detail = "; ".join(filter(None, (_describe(item, mask) for item in found)))
    tokens = [text for item in found if isinstance(text := item.get("authToken"), str) and text]
    token = Token(tokens[0]) if tokens else None
    return ItemResult(key, success, token, detail or ("" if success is not None else _TORN))


def _succeeded(item: Item) -> bool | None:
    """Read the flag: a missing one means failure (page 4.2), one of a wrong type nothing."""
    flag = item.get("success")
    if flag is None:
        return False
    return flag if isinstance(flag, bool) else None


def _describe(item: Item, mask: Mask) -> str:
    """Give the reason, whose form nobody knows: the usual error body, or any other keys."""
    rest = {name: value for name, value in item.items() if name not in _KNOWN}
    if not rest:
        return ""
    token = item.get("authToken")
    known = mask.adding([token]) if isinstance(token, str) else mask
    return known.show(platform_words(rest) or json.dumps(rest, ensure_ascii=False))
