"""Explain why a device was not registered, and decide what becomes of its token."""

from __future__ import annotations

from fleetsync.api.items import ItemResult
from fleetsync.apply.attempt import note_error
from fleetsync.apply.hands import Hands
from fleetsync.apply.item import Item
from fleetsync.apply.look import look
from fleetsync.apply.outcome import Outcome, Status, failed
from fleetsync.diff.device import compare_device
from fleetsync.errors import FleetsyncError
from fleetsync.model import Device, LiveDevice
from fleetsync.model.mark import parse_mark


def refuse(item: Item, reason: str, hands: Hands) -> Outcome:
    """Report a device that was refused, alone or with its whole request.

    Whether the platform registered it all the same is seen at the end of the stage.
    """
    if item.fresh:
        hands.doubtful[item.client_id] = item.key
    return failed(item.change, reason)


def drop_unused_tokens(hands: Hands) -> None:
    """Give up the tokens of refused devices that are seen not to exist, or to be another's."""
    there = look(hands.doubtful.values(), hands)
    if there is not None:
        found = {name: there.get(key) for name, key in hands.doubtful.items()}
        hands.tokens.drop(
            [name for name, it in found.items() if it is None or _is_of_another(it, hands)]
        )
    hands.doubtful.clear()


def explain(item: Item, answer: ItemResult, hands: Hands) -> Outcome:
    """Look why the org refused one device: the answer rarely tells (platform page 12, Q5)."""
    said = f"the org refused it: {answer.detail or 'it gave no reason'}"
    if hands.looks <= 0 or hands.fatal is not None:
        return refuse(item, said, hands)
    hands.looks -= 1
    try:
        found = hands.registry.device(item.key)
    except FleetsyncError as error:
        note_error(error, hands)
        return refuse(item, said, hands)
    if found is None:
        _drop(item, hands)
        words = f"{said}; if it exists, access groups hide it from this API key"
        return failed(item.change, words)
    return _exists(item, found, hands)


def _exists(item: Item, found: LiveDevice, hands: Hands) -> Outcome:
    """Report a device that is there although the org refused it.

    It was there before, or the refusal is not true and it has the token of this run. Only if
    another key registered it, or a person, that token is certainly not its own.
    """
    if _is_of_another(found, hands):
        _drop(item, hands)
    if _is_as_declared(item, found):
        return Outcome(item.change, Status.ALREADY, "it exists, though no listing showed it")
    words = "it exists by now, though no listing showed it, with other values; run again"
    return failed(item.change, words)


def _is_of_another(found: LiveDevice, hands: Hands) -> bool:
    """Tell whether somebody else registered a device (platform page 4.1: e-mail or API key)."""
    author = found.registration.auth_id
    return None not in (author, hands.api_key) and author != hands.api_key


def _is_as_declared(item: Item, found: LiveDevice) -> bool:
    device, template = item.change.after, item.change.template
    if not isinstance(device, Device) or template is None:
        raise TypeError(item.change.name)
    recorded = parse_mark(item.change.name, found.mark).location
    return not compare_device(device, template, found, recorded).fields


def _drop(item: Item, hands: Hands) -> None:
    if item.fresh:
        hands.tokens.drop([item.client_id])
