"""Register devices of ours anew whose token nobody saw: no one could ever connect as them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from fleetsync.api.parallel import run_beside
from fleetsync.apply.attempt import is_over, note_error
from fleetsync.apply.hands import Hands
from fleetsync.apply.item import Item, make_item
from fleetsync.apply.look import look
from fleetsync.apply.outcome import Outcome, failed
from fleetsync.apply.register import register
from fleetsync.batch import split_batches
from fleetsync.errors import FleetsyncError
from fleetsync.journal.entry import Sight
from fleetsync.model import DeviceKey

_IN_FLIGHT = 8
"""Each device's log is one request; a lost bulk answer may be about hundreds."""

_UNKNOWN = "registered, but its token is unknown: the org's answer with it never came"
_LATER = "run again, and it is registered anew"
_CONNECTED = "it has connected since, so somebody knows its token and it was left as it is"
_UNASKED = "whether it has ever connected cannot be told, so it was left as it is"
_STAYS = "it could not be removed to be registered anew; run again"
_AGAIN = f"this came twice; {_LATER}, or use tokens: client in fleet.yaml"


def register_anew(hands: Hands) -> Iterator[Outcome]:
    """Remove and register once more what ``hands.lost`` names, if it has never connected."""
    lost, hands.lost = hands.lost, []
    hands.journal.see(Sight.TOKENLESS, [change.key for change in lost])
    free = []
    reasons = why_not_anew([change.key for change in lost], hands)
    for change, reason in zip(lost, reasons, strict=True):
        if reason is None:
            free.append(change)
        else:
            yield failed(change, f"{_UNKNOWN}; {reason}")
    items = [make_item(change, hands) for change in free]
    start = 0
    for bodies in split_batches(item.body for item in items):
        yield from _anew(items[start : start + len(bodies)], hands)
        start += len(bodies)


def why_not_anew(keys: Sequence[DeviceKey], hands: Hands) -> list[str | None]:
    """Say of each device why it must stay although nobody knows its token; None: it may go."""
    return run_beside([partial(_why_not, key, hands) for key in keys], threads=_IN_FLIGHT)


def _why_not(key: DeviceKey, hands: Hands) -> str | None:
    if is_over(hands):
        return _LATER
    try:
        return _CONNECTED if hands.registry.has_connected(key) else None
    except FleetsyncError as error:
        note_error(error, hands)
        return f"{_UNASKED} ({error})"


def _anew(items: Sequence[Item], hands: Hands) -> Iterator[Outcome]:
    gone = remove_tokenless([item.key for item in items], hands)
    yield from (
        failed(item.change, f"{_UNKNOWN}; {_STAYS}") for item in items if item.key not in gone
    )
    removed = [item for item in items if item.key in gone]
    if removed and is_over(hands):
        yield from (failed(item.change, f"removed to be {_LATER}") for item in removed)
    elif removed:
        yield from register(removed, hands, last=True)
        yield from _lost_again(hands)


def _lost_again(hands: Hands) -> Iterator[Outcome]:
    lost, hands.lost = hands.lost, []
    hands.journal.see(Sight.TOKENLESS, [change.key for change in lost])
    yield from (failed(change, f"{_UNKNOWN}; {_AGAIN}") for change in lost)


def remove_tokenless(keys: Sequence[DeviceKey], hands: Hands) -> set[DeviceKey]:
    """Remove devices of ours that nobody can use; give those that are seen to be gone."""
    if is_over(hands):
        return set()
    try:
        hands.writer.remove_devices(keys)
    except FleetsyncError as error:
        note_error(error, hands)
    there = look(keys, hands)
    gone = [] if there is None else [key for key in keys if key not in there]
    hands.journal.see(Sight.GONE, gone)
    # What was noted before the request counts no more: without this, nobody would look again.
    hands.journal.see(Sight.TOKENLESS, [key for key in keys if key not in gone])
    return set(gone)
