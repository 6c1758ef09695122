"""Translate the platform's JSON to the nouns; whatever is not as it should be is said in words."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from fleetsync.errors import ApiError
from fleetsync.escape import shown
from fleetsync.model.live import RESERVED_KEY, LiveDevice, LiveDeviceType, Registration
from fleetsync.model.location import LOCATION_KEYS, Location
from fleetsync.model.value import DEVICE_INFO_FIELDS, EMPTY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fleetsync.model.value import JSON, JSONObject

    _Share = Callable[[str, str], str]

_MEMO_LIMIT = 100_000
_DEEPEST = 100  # levels of metadata; what compares and writes them again walks them by recursion
_FIELDS = frozenset(DEVICE_INFO_FIELDS)
_UNREGISTERED = Registration()
_TEXT_OR_NONE = frozenset({str, type(None)})
_PLAIN = frozenset({str, bool, int, type(None)})


class Memo:
    """Equal texts and mappings seen before, so that a million devices share them.

    One per listing. A memo that has grown large only finds and takes in nothing more.
    """

    __slots__ = ("_mappings", "_texts")

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._mappings: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}

    @property
    def share_text(self) -> _Share:
        """A call that gives an equal text: ``share(text, text)``."""
        return self._texts.setdefault if len(self._texts) < _MEMO_LIMIT else self._texts.get

    def share_mapping(self, mapping: dict[str, str]) -> dict[str, str]:
        """Give an equal mapping of texts; with other values ``1`` and ``True`` would be mixed."""
        key = tuple(mapping.items())
        if len(self._mappings) < _MEMO_LIMIT:
            return self._mappings.setdefault(key, mapping)
        return self._mappings.get(key, mapping)


class Organization(NamedTuple):
    """The org itself; all but the id may be missing (platform page 2)."""

    org_id: str
    name: str = ""
    enabled: bool = True


def parse_organization(body: JSON) -> Organization:
    """Read the answer of platform page 2."""
    whole = as_object(body, "the organization")
    return Organization(
        org_id=_text(whole, "id", "the organization"),
        name=_optional_text(whole, "name", "the organization") or "",
        enabled=whole.get("enabled") is not False,
    )


def parse_device_type(body: JSON, memo: Memo | None = None) -> LiveDeviceType:
    """Read a device type (platform page 3.1); a wrong type somewhere raises ApiError."""
    memo = memo or Memo()
    whole = as_object(body, "a device type")
    type_id = _text(whole, "id", "a device type")
    where = f"device type {shown(type_id)[:80]!r}"
    metadata, mark = _parse_metadata(whole.get("metadata"), memo, where)
    return LiveDeviceType(
        type_id=type_id,
        class_id=_optional_text(whole, "classId", where) or "Device",
        description=_optional_text(whole, "description", where) or "",
        device_info=_parse_device_info(whole.get("deviceInfo"), memo, where),
        metadata=metadata,
        mark=mark,
    )


def parse_device(body: JSON, memo: Memo | None = None) -> LiveDevice:
    """Read a device as lists and single answers give it (platform page 4.1).

    A wrong type somewhere raises ApiError. ``clientId`` is not looked at: documents and service
    disagree on its name (page 11.16).
    """
    whole, where = split_key(body)
    return parse_keyed(whole, where, memo or Memo())


def split_key(body: JSON) -> tuple[dict[str, JSON], tuple[str, str]]:
    """Give a device's object, and its type id and device id."""
    whole = as_object(body, "a device")
    type_id, device_id = whole.get("typeId"), whole.get("deviceId")
    if not (isinstance(type_id, str) and isinstance(device_id, str) and type_id and device_id):
        _refuse("a device", "typeId and deviceId are not two texts")
    return whole, (type_id, device_id)


def parse_keyed(whole: dict[str, JSON], key: tuple[str, str], memo: Memo) -> LiveDevice:
    """Read a device whose key is known already; see :func:`parse_device`."""
    metadata, mark = _parse_metadata(whole.get("metadata"), memo, key)
    return LiveDevice(
        memo.share_text(key[0], key[0]),
        key[1],
        _parse_device_info(whole.get("deviceInfo"), memo, key),
        metadata,
        mark,
        _parse_alert(whole.get("status"), key),
        _parse_registration(whole.get("registration"), memo, key),
        bool(whole.get("gatewayId") or whole.get("gatewayTypeId")),
    )


def parse_location(body: JSON) -> Location:
    """Read a location (platform page 5.6); a wrong type somewhere raises ApiError."""
    whole = as_object(body, "a location")
    numbers = {
        ours: _optional_number(whole, theirs)
        for ours, theirs in LOCATION_KEYS.items()
        if ours != "measured"
    }
    latitude, longitude = numbers["latitude"], numbers["longitude"]
    if latitude is None or longitude is None:
        _refuse("a location", "latitude or longitude is missing")
    measured = _optional_text(whole, LOCATION_KEYS["measured"], "a location")
    return Location(latitude, longitude, numbers["elevation"], numbers["accuracy"], measured)


def as_object(body: JSON, where: object) -> dict[str, JSON]:
    """Give the body if it is a JSON object; raise ApiError otherwise."""
    if not isinstance(body, dict):
        _refuse(where, f"it is no object but {_kind(body)}")
    return body


def as_list(body: JSON, where: object) -> list[JSON]:
    """Give the body if it is a JSON array; raise ApiError otherwise."""
    if not isinstance(body, list):
        _refuse(where, f"it is no list but {_kind(body)}")
    return body


def _parse_device_info(value: JSON, memo: Memo, where: object) -> Mapping[str, str]:
    """Keep the eight known texts; null, '' and absent are one (page 11.17)."""
    if not value:
        return EMPTY
    info, share = {}, memo.share_text
    for name, text in as_object(value, (where, "deviceInfo")).items():
        if isinstance(text, str):
            if text and name in _FIELDS:
                info[name] = share(text, text)
        elif text is not None and name in _FIELDS:
            _refuse(where, f"deviceInfo.{name} is no text but {_kind(text)}")
    # With a serial number there is no equal.
    return info if "serialNumber" in info else memo.share_mapping(info) or EMPTY


def _parse_metadata(value: JSON, memo: Memo, where: object) -> tuple[JSONObject, JSON]:
    """Give metadata without the reserved key, and the reserved key's value."""
    if not value:
        return EMPTY, None
    texts: dict[str, str] = {}
    others: dict[str, JSON] = {}
    share = memo.share_text
    whole = as_object(value, (where, "metadata"))
    for name, item in whole.items():
        if isinstance(item, str):
            texts[name] = share(item, item)
        else:
            others[name] = item if item.__class__ in _PLAIN else _normalise(item, where)
    mark = whole.get(RESERVED_KEY)
    texts.pop(RESERVED_KEY, None)
    others.pop(RESERVED_KEY, None)
    if others:
        return others | texts, mark
    return memo.share_mapping(texts) or EMPTY, mark


def _normalise(value: JSON, where: object, depth: int = 1) -> JSON:
    """Write whole numbers as int: the platform may give 1 or 1.0 (page 11.7)."""
    if isinstance(value, float):
        if not isfinite(value):
            _refuse(where, "metadata holds a number that is too large")
        return int(value) if value.is_integer() else value
    if not isinstance(value, dict | list):
        return value
    if depth > _DEEPEST:
        _refuse(where, f"metadata is nested deeper than {_DEEPEST} levels")
    if isinstance(value, dict):
        return {name: _normalise(item, where, depth + 1) for name, item in value.items()}
    return [_normalise(item, where, depth + 1) for item in value]


def _parse_alert(status: JSON, where: object) -> bool:
    alert = as_object(status, (where, "status")).get("alert") if status else None
    return as_object(alert, (where, "status.alert")).get("enabled") is True if alert else False


def _parse_registration(value: JSON, memo: Memo, where: object) -> Registration:
    if not value:
        return _UNREGISTERED
    whole = as_object(value, (where, "registration"))
    auth = as_object(whole.get("auth") or {}, (where, "registration.auth"))
    kind, who, date = auth.get("type"), auth.get("id"), whole.get("date")
    share = memo.share_text
    if isinstance(kind, str) and isinstance(who, str) and isinstance(date, str):
        return Registration(share(kind, kind), share(who, who), date)
    if {type(kind), type(who), type(date)} <= _TEXT_OR_NONE:
        return Registration(kind, who, date)  # type: ignore[arg-type]  # just checked
    return _refuse(where, "registration holds something that is no text")


def _text(whole: dict[str, JSON], name: str, where: object) -> str:
    value = _optional_text(whole, name, where)
    if not value:
        _refuse(where, f"{name} is missing")
    return value


def _optional_text(whole: dict[str, JSON], name: str, where: object) -> str | None:
    value = whole.get(name)
    if value is not None and not isinstance(value, str):
        _refuse(where, f"{name} is no text but {_kind(value)}")
    return value


def _optional_number(whole: dict[str, JSON], name: str) -> float | None:
    """Read a number; the service has accepted numbers given as texts (page 5.2)."""
    value = whole.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        _refuse("a location", f"{name} is no number but {_kind(value)}")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        number = float("nan")
    if not isfinite(number):
        _refuse("a location", f"{name} is no number")
    return int(number) if number.is_integer() else number


def _kind(value: JSON) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a boolean"}
    return "null" if value is None else names.get(type(value), "a number")


def _refuse(where: object, what: str) -> NoReturn:
    """Say what is wrong with an answer that came with a good status."""
    raise ApiError(
        f"the org's answer makes no sense: {_place(where)}: {what}; check that the org's url leads "
        "to a Watson IoT Platform or Maximo IoT service",
        status=200,
    )


def _place(where: object) -> str:
    if isinstance(where, str):
        return where
    if isinstance(where, tuple) and all(isinstance(part, str) for part in where):
        return "device " + "/".join(shown(part)[:80] for part in where)
    return " ".join(map(_place, where)) if isinstance(where, tuple) else "an answer"
