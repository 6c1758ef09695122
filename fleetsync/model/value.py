"""JSON values: their type, when two are the same, and their one canonical text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
JSONObject: TypeAlias = "Mapping[str, JSON]"

EMPTY: Mapping[Any, Any] = MappingProxyType({})  # Any: it stands for an empty mapping of any kind
"""The one shared empty mapping."""

DEVICE_INFO_FIELDS = (
    "serialNumber",
    "manufacturer",
    "model",
    "deviceClass",
    "description",
    "fwVersion",
    "hwVersion",
    "descriptiveLocation",
)
"""The eight text attributes of ``deviceInfo`` (platform page 7); no others exist."""


def same_value(one: JSON, other: JSON) -> bool:
    """Tell whether two values mean the same to the platform.

    ``1`` equals ``1.0`` (numbers may come back in another form, platform page 11.7), ``True`` does
    not equal ``1``, and inside a mapping a key with ``null`` equals a key that is absent.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return same_mapping(one, other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_value, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other


def same_mapping(one: JSONObject, other: JSONObject) -> bool:
    """Tell whether two mappings hold the same values; null and absent are one (page 11.17)."""
    for key, value in one.items():
        if not same_value(value, other.get(key)):
            return False
    return all(value is None or key in one for key, value in other.items())


def canonical(value: object) -> bytes:
    """Give the one text of a JSON value: sorted keys, no spaces, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")
