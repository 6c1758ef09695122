"""Hold one switch for each thing about the registry that nobody knows for sure.

The defaults are those of platform page 13; the questions are those of page 12.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from fleetsync.emulator.setting import (
    Means,
    SettingText,
    describe,
    read_changes,
)

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
States = Literal["told", "short", "403", "404", "503"]
Prefix = Literal["g", "d"]
AuthType = Literal["app", "apikey"]
ErrorBody = Literal["short", "empty", "full"]

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
_CLIENT_STATES = (
    "whether the org tells which devices are connected; short: its list names about half of them"
)
_ERROR_BODY = "body of 401, 403 and 404: {} (short), nothing (empty), or the full error (full)"


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
    # Diagnostics: platform page 6.1, 6.2.
    diag_lag_seconds: Annotated[float, Means("logs and error codes show so much later")] = 0.0
    diag_log_bytes: Annotated[int, Means("most of a device's log; the oldest go", 1)] = 500_000
    diag_codes: Annotated[int, Means("most error codes of a device; the oldest go", 1)] = 100
    # Connections: platform page 2.
    client_states: Annotated[States, Means(_CLIENT_STATES)] = "told"
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


def parse_switches(assignments: Iterable[str], base: Switches | None = None) -> Switches:
    """Return ``base`` (or the defaults) with assignments like ``pageCap=25`` applied.

    Raises UsageError for a name that is no switch and for a value that the switch does not take.
    """
    changes = read_changes(assignments, [Switches])
    return replace(base or Switches(), **changes[Switches])


def describe_switches() -> list[SettingText]:
    """Return name, values, default and meaning of every switch, in their order."""
    return describe(Switches)
