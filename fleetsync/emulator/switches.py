"""Hold one switch for each thing about the registry that nobody knows for sure.

The defaults are those of platform page 13; the questions are those of page 12.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, get_args, get_type_hints

from fleetsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

Put = Literal["replace", "merge"]
LastPage = Literal["plain", "extra", "endless"]
EmptyText = Literal["stored", "dropped", "cleared"]
Unexpected = Literal["400", "ignore"]
Doubtful = Literal["400", "accepted"]
LimitTooLarge = Literal["400", "clamp"]
Presence = Literal["present", "absent"]
Facets = Literal["counted", "ignored"]
Inheritance = Literal["whole", "keywise"]
Nulls = Literal["kept", "dropped"]
Numbers = Literal["kept", "floats"]
Tokens = Literal["strict", "lenient"]
Conflict = Literal["400", "409"]
AbsentDelete = Literal["404", "204"]
UnknownType = Literal["404", "400"]
BulkAdd = Literal["201", "202"]
BulkRemove = Literal["202", "201", "200"]
BadItem = Literal["request", "item"]
Prefix = Literal["g", "d"]
AuthType = Literal["app", "apikey"]
ErrorBody = Literal["short", "empty", "full"]
Value = str | int | float | bool

_LAST_PAGE = (
    "extra: the last page of types has a bookmark to one more, empty page; "
    "endless: that page has one too"
)
_EMPTY_INFO = (
    'a deviceInfo field sent as "" is stored, or dropped (the old value stays), '
    "or cleared (the field goes)"
)
_INHERITANCE = "how a new device takes over its type's metadata"
_NUMERIC_STRINGS = "numbers written as strings in a new device's location"
_TEXT_LIMIT = "most characters of a description or deviceInfo field; 0: no limit"
_BAD_ITEM = "a wrong key or value in a bulk add fails the whole request, or its item alone"
_ERROR_BODY = "body of 401, 403 and 404: {} (short), nothing (empty), or the full error (full)"

_MOST_DIGITS = 15
_LONGEST_SECONDS = 1e9


class Means(NamedTuple):
    """What a switch decides, and the least value of a number."""

    text: str
    least: int = 0


@dataclass(frozen=True, slots=True)
class Switches:
    """How the emulated org answers where the platform's own answer is unknown.

    Sizes are in bytes, times in seconds. Statuses are written as text.
    """

    # Listings: platform page 3.2, 3.3 and Q1, Q16.
    page_cap: Annotated[int, Means("largest page of a listing", 1)] = 200
    page_default: Annotated[int, Means("page size when _limit is not given", 1)] = 25
    limit_too_large: Annotated[LimitTooLarge, Means("a _limit over the cap")] = "400"
    types_last_page: Annotated[LastPage, Means(_LAST_PAGE)] = "plain"
    devices_last_page: Annotated[LastPage, Means("the same for lists of devices")] = "plain"
    total_rows: Annotated[Presence, Means("whether lists say how many rows there are")] = "present"
    facets: Annotated[Facets, Means("whether _facets is heard")] = "counted"
    list_lag_seconds: Annotated[float, Means("lists show a write so much later")] = 0.0
    list_lag_calls: Annotated[int, Means("so many list calls after a write show the old")] = 0
    # Updates: Q3, Q4.
    metadata_put: Annotated[Put, Means("what PUT does to a device's metadata")] = "replace"
    type_metadata_put: Annotated[Put, Means("what PUT does to a type's metadata")] = "replace"
    empty_info: Annotated[EmptyText, Means(_EMPTY_INFO)] = "stored"
    empty_description: Annotated[EmptyText, Means("the same for a type's description")] = "stored"
    # What a new device takes over from its type: Q11, Q12.
    metadata_inheritance: Annotated[Inheritance, Means(_INHERITANCE)] = "whole"
    null_is_given: Annotated[bool, Means("null in a new device stops inheritance")] = False
    empty_text_is_given: Annotated[bool, Means('"" in a new device stops inheritance')] = True
    empty_metadata_is_given: Annotated[bool, Means("metadata {} stops inheritance")] = True
    inherited_in_answer: Annotated[bool, Means("an add shows what was inherited")] = True
    # Values: platform page 5.2, 7 and Q10, Q19, Q20.
    metadata_nulls: Annotated[Nulls, Means("nulls inside metadata")] = "kept"
    numbers: Annotated[Numbers, Means("floats: 1 comes back as 1.0")] = "kept"
    unknown_keys: Annotated[Unexpected, Means("keys that the platform does not know")] = "400"
    server_keys: Annotated[Unexpected, Means("keys that only the platform sets")] = "400"
    tokens: Annotated[Tokens, Means("strict: 8 to 36 of the documented characters")] = "strict"
    numeric_strings: Annotated[Doubtful, Means(_NUMERIC_STRINGS)] = "400"
    long_fractions: Annotated[Doubtful, Means("time stamps finer than milliseconds")] = "400"
    text_limit: Annotated[int, Means(_TEXT_LIMIT)] = 0
    # Single calls: Q2, Q7, Q8.
    type_delete_in_use: Annotated[Conflict, Means("deleting a type that has devices")] = "400"
    absent_type_delete: Annotated[AbsentDelete, Means("deleting an absent type")] = "404"
    unknown_type: Annotated[UnknownType, Means("adding a device of no known type")] = "404"
    # Bulk calls: platform page 4.2, 4.3 and Q5, Q6, Q9, Q24.
    bulk_add: Annotated[BulkAdd, Means("status when every device was added; else 202")] = "201"
    bulk_remove: Annotated[BulkRemove, Means("status of a bulk remove")] = "202"
    bulk_bad_item: Annotated[BadItem, Means(_BAD_ITEM)] = "request"
    bulk_empty: Annotated[Doubtful, Means("an empty array in bulk")] = "400"
    failed_item_message: Annotated[bool, Means("a failed item of a bulk add says why")] = True
    request_bytes: Annotated[int, Means("largest bulk request; a larger one: 413")] = 512 * 1024
    # What answers look like: platform page 1.4 and Q13, Q14.
    gateway_prefix: Annotated[Prefix, Means("how a gateway's clientId starts")] = "g"
    registration_auth: Annotated[AuthType, Means("registration.auth.type of an API key")] = "app"
    error_body: Annotated[ErrorBody, Means(_ERROR_BODY)] = "short"
    # Quotas: platform page 8.
    max_types: Annotated[int, Means("quota of device types")] = 1_000
    max_devices: Annotated[int, Means("quota of devices")] = 1_000_000


class SwitchText(NamedTuple):
    """What help and README say of one switch."""

    name: str
    values: str
    default: str
    meaning: str


def parse_switches(assignments: Iterable[str], base: Switches | None = None) -> Switches:
    """Return ``base`` (or the defaults) with assignments like ``pageCap=25`` applied.

    Raises UsageError for a name that is no switch and for a value that the switch does not take.
    """
    changes: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise UsageError(f"switch {assignment!r}: write NAME=VALUE, for example pageCap=25")
        switch = _find(name.strip())
        value = _parse_value(switch, text.strip())
        if value is None:
            raise UsageError(
                f"switch {name.strip()}: {text.strip()!r} is not one of: {_values(switch)}"
            )
        changes[switch.field] = value
    return replace(base or Switches(), **changes)


def describe_switches() -> list[SwitchText]:
    """Return name, values, default and meaning of every switch, in their order."""
    defaults = Switches()
    return [
        SwitchText(
            name=name,
            values=_values(switch),
            default=show_value(getattr(defaults, switch.field)),
            meaning=switch.meaning.text,
        )
        for name, switch in _switches().items()
    ]


def switch_values(switches: Switches) -> dict[str, Value]:
    """Return the value of every switch under its public name."""
    return {name: getattr(switches, switch.field) for name, switch in _switches().items()}


def show_value(value: object) -> str:
    """Return a value as ``parse_switches`` reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


class _Switch(NamedTuple):
    """A field of Switches: its Python name, the type of its values, and what it decides."""

    field: str
    type: Any
    meaning: Means


def _switches() -> dict[str, _Switch]:
    """Return the fields of Switches under their public names."""
    hints = get_type_hints(Switches, include_extras=True)
    parts = {name: get_args(hint) for name, hint in hints.items()}
    return {_public(name): _Switch(name, part[0], part[1]) for name, part in parts.items()}


def _public(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def _find(name: str) -> _Switch:
    known = _switches()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "`fleetsync emulator --list-switches` lists them"
    raise UsageError(f"switch {name!r} does not exist; {hint}")


def _values(switch: _Switch) -> str:
    if switch.type is bool:
        return "yes|no"
    if switch.type is int:
        return f"whole number, {switch.meaning.least} or more"
    return "number, 0 or more" if switch.type is float else "|".join(get_args(switch.type))


def _parse_value(switch: _Switch, text: str) -> Value | None:
    """Return the value that a text stands for, None if the switch does not take it."""
    if switch.type is bool:
        return {"yes": True, "true": True, "no": False, "false": False}.get(text.lower())
    if switch.type is int:
        return _parse_whole(text, switch.meaning.least)
    if switch.type is float:
        return _parse_duration(text)
    return text if text in get_args(switch.type) else None


def _parse_whole(text: str, least: int) -> int | None:
    is_whole = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if is_whole and int(text) >= least else None


def _parse_duration(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < _LONGEST_SECONDS else None
