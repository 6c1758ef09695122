"""Say what goes wrong with the org and the way to it: rates, and the calls that are hit.

All of it is off unless set. Rates are shares of the calls that ``faults_on`` names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from fleetsync.emulator.setting import Form, Means

RetryAfter = Literal["seconds", "date", "absent", "mixed"]
Garbling = Literal["mixed", "invalid", "html", "truncated", "wrongType"]

_METHODS = "GET|POST|PUT|DELETE"
_CALL = re.compile(rf"(?:{_METHODS}|\*)(?: /[\w{{}}*?./-]*)?", re.ASCII)
_PATTERN = re.compile(r"[\w.*?-]+(?:/[\w.*?-]+)?", re.ASCII)
_STATUS = re.compile("500|502|503|504|401|403|409|429")
_ACTION = re.compile(r"create|update|delete")


def split_list(text: str) -> tuple[str, ...]:
    """Return the parts of a list that is written with commas."""
    return tuple(part.strip() for part in text.split(",")) if text.strip() else ()


def _list_form(words: str, part: re.Pattern[str], *, may_be_empty: bool = True) -> Form:
    def parse(text: str) -> str | None:
        parts = split_list(text)
        is_good = all(part.fullmatch(each) for each in parts) and (parts or may_be_empty)
        return ",".join(parts) if is_good else None

    return Form(words, parse)


def _parse_rate(text: str) -> float | None:
    number = text.removesuffix("%")
    try:
        rate = float(number) / (100 if number != text else 1)
    except ValueError:
        return None
    return rate if 0 <= rate <= 1 else None


_RATE = Form("rate from 0 to 1, or like 20%", _parse_rate)
_CALLS = _list_form("calls like PUT or POST /bulk/devices/add, with commas between", _CALL)
_DEVICES = _list_form("patterns like pump/p-1*, with commas between", _PATTERN)
_LISTED = _STATUS.pattern.replace("|", ",")
_STATUSES = _list_form(f"statuses out of {_LISTED}", _STATUS, may_be_empty=False)
_ACTIONS = _list_form("of create,update,delete", _ACTION, may_be_empty=False)


def _rate(text: str) -> Means:
    return Means(text, form=_RATE)


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong, how often and with which calls. Times are in seconds, rates from 0 to 1."""

    # Aim. A call is named by method, or by method and path: with ids, or as in /device/types/*.
    fault_seed: Annotated[int, Means("the same seed makes the same faults")] = 0
    faults_on: Annotated[str, Means("only these calls are hit; none: all", form=_CALLS)] = ""
    faults_after: Annotated[int, Means("so many matching calls are spared first")] = 0
    faults_first: Annotated[int, Means("then only so many are hit; 0: all")] = 0
    any_fault: Annotated[float, _rate("a call meets one fault of this list, drawn by lot")] = 0.0
    # Throttling: platform page 8.
    throttle_calls_per_second: Annotated[float, Means("more calls are refused: 429; 0: off")] = 0.0
    throttled: Annotated[float, _rate("a call is refused with 429, however few there are")] = 0.0
    retry_after: Annotated[RetryAfter, Means("what 429 and 503 say of it")] = "seconds"
    retry_after_seconds: Annotated[int, Means("how long that is")] = 1
    # Error statuses: platform page 1.2, 1.4.
    status_before: Annotated[float, _rate("an error status, and nothing was done")] = 0.0
    status_after: Annotated[float, _rate("an error status, and yet it was done")] = 0.0
    statuses: Annotated[str, Means("drawn from these", form=_STATUSES)] = (
        "500,502,503,504,401,403,409"
    )
    # The connection.
    reset_before_read: Annotated[float, _rate("reset before the body is read")] = 0.0
    reset_before_write: Annotated[float, _rate("reset once it is read; nothing was done")] = 0.0
    reset_after_write: Annotated[float, _rate("reset after it was done; no answer")] = 0.0
    hang_before_write: Annotated[float, _rate("silence, then closed; nothing was done")] = 0.0
    hang_after_write: Annotated[float, _rate("silence, then closed; and yet it was done")] = 0.0
    hang_seconds: Annotated[float, Means("how long the silence lasts")] = 30.0
    slow_answer: Annotated[float, _rate("the answer comes late")] = 0.0
    slow_seconds: Annotated[float, Means("how late")] = 1.0
    dripping_answer: Annotated[float, _rate("the body comes in drips")] = 0.0
    drip_seconds: Annotated[float, Means("how long the dripping lasts")] = 1.0
    cut_body: Annotated[float, _rate("closed within the body; it was done")] = 0.0
    garbled_body: Annotated[float, _rate("the body is not what it should be; it was done")] = 0.0
    garbled_as: Annotated[Garbling, Means("what it is instead")] = "mixed"
    # Lists: platform page 3.3.
    list_loses_rows: Annotated[float, _rate("a page lacks rows")] = 0.0
    list_repeats_rows: Annotated[float, _rate("a page has a row twice")] = 0.0
    list_empty_page: Annotated[float, _rate("an empty page with a bookmark comes between")] = 0.0
    list_repeats_bookmark: Annotated[float, _rate("the bookmark leads to the same page")] = 0.0
    list_out_of_order: Annotated[float, _rate("two rows of a page change places")] = 0.0
    list_wrong_total: Annotated[float, _rate("meta.total_rows is wrong")] = 0.0
    # Items of bulk requests, each by itself: platform page 4.2, 4.3.
    item_fails: Annotated[float, _rate("an item fails; nothing was done")] = 0.0
    item_seems_failed: Annotated[float, _rate("an item is reported failed, yet was done")] = 0.0
    item_seems_removed: Annotated[float, _rate("a remove reports success, yet did nothing")] = 0.0
    item_left_out: Annotated[float, _rate("the answer has no word of an item; it was done")] = 0.0
    # Others in the org. Access groups: platform page 4.3, 11.20.
    hidden_devices: Annotated[str, Means("access groups hide these devices", form=_DEVICES)] = ""
    second_writer: Annotated[float, _rate("before a call somebody else writes")] = 0.0
    second_writer_does: Annotated[str, Means("what that may be", form=_ACTIONS)] = (
        "create,update,delete"
    )
    second_writer_on: Annotated[str, Means("where; none: anywhere", form=_DEVICES)] = ""
    second_writer_spares: Annotated[str, Means("what is never touched", form=_DEVICES)] = ""
    # MQTT: platform page 9. What calls faults_on names is no matter here, nor is any_fault.
    mqtt_refused: Annotated[float, _rate("a login is answered with code 3")] = 0.0
    mqtt_cut: Annotated[float, _rate("a connection is cut instead of taking a packet")] = 0.0
    mqtt_lost: Annotated[float, _rate("a message at QoS 0 to a client is lost")] = 0.0
    mqtt_lag_seconds: Annotated[float, Means("each message of a client is taken so late")] = 0.0


NO_FAULTS = Faults()

BEFORE_FAULTS = (
    "throttled", "status_before", "reset_before_read", "reset_before_write", "hang_before_write",
)  # fmt: skip
"""A call meets at most one of these or of AFTER_FAULTS; with these nothing is done."""

AFTER_FAULTS = (
    "status_after", "reset_after_write", "hang_after_write", "cut_body", "garbled_body",
)  # fmt: skip

LIST_FAULTS = (
    "list_loses_rows", "list_repeats_rows", "list_empty_page", "list_repeats_bookmark",
    "list_out_of_order", "list_wrong_total",
)  # fmt: skip

ADD_FAULTS = ("item_fails", "item_seems_failed", "item_left_out")
REMOVE_FAULTS = (*ADD_FAULTS, "item_seems_removed")

OTHER_FAULTS = ("slow_answer", "dripping_answer", "second_writer")

MQTT_FAULTS = ("mqtt_refused", "mqtt_cut", "mqtt_lost")
"""These strike clients of MQTT, each by itself."""
