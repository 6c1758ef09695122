"""Explain why a device was not registered, and decide what becomes of its token."""

from __future__ import annotations

from fleetsync.api.items import ItemResult
from fleetsync.apply.attempt import note_error
from fleetsync.apply.finish import finish_device
from fleetsync.apply.hands import Hands
from fleetsync.apply.item import Item
from fleetsync.apply.look import look
from fleetsync.apply.outcome import Outcome, Status, failed
from fleetsync.diff.device import compare_device
from fleetsync.errors import FleetsyncError
from fleetsync.journal.entry import Sight
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
        hands.tokens.drop([name for name, it in found.items() if _is_unused(name, it, hands)])
    hands.doubtful.clear()


def _is_unused(name: str, found: LiveDevice | None, hands: Hands) -> bool:
    if found is None:
        return True
    ours = hands.unproven.get(name)
    return is_of_another(found, hands.mark, hands) and (ours is None or run_of(found) != ours)


def explain(item: Item, answer: ItemResult, hands: Hands) -> Outcome | None:
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
        hands.journal.see(Sight.GONE, [item.key])
        _drop(item, hands)
        words = f"{said}; if it exists, access groups hide it from this API key"
        return failed(item.change, words)
    return judge_existing(item, found, hands)


def judge_existing(item: Item, found: LiveDevice, hands: Hands) -> Outcome | None:
    """Report a device that is there although the org refused it, or did not tell.

    If its mark tells of this run, the token of this run is its own. Without a mark only a device
    of another key or person has certainly another token: losing a valid one would be worse than to
    keep one too many. None stands for a device of ours whose token nobody saw.
    """
    if _is_ours(item, found, hands):
        if item.entry is None:
            hands.lost.append(item.change)
            return None
        hands.journal.see(Sight.OURS, [item.key])
        return finish_device(item.change, hands)
    if is_of_another(found, hands.mark, hands):
        hands.journal.see(Sight.ANOTHERS, [item.key])
        _drop(item, hands)
    if _is_as_declared(item, found):
        return Outcome(item.change, Status.ALREADY, "it exists, though no listing showed it")
    words = "it exists by now, though no listing showed it, with other values; run again"
    return failed(item.change, words)


def _is_ours(item: Item, found: LiveDevice, hands: Hands) -> bool:
    """Tell whether this very run registered a device, or the one that left its token behind."""
    run = run_of(found)
    return run is not None and run in (hands.mark, hands.unproven.get(item.client_id))


def run_of(found: LiveDevice) -> str | None:
    """Give what the mark of a device says of the run that registered it."""
    return parse_mark(f"{found.type_id}/{found.device_id}", found.mark).run


def is_of_another(found: LiveDevice, mark: str, hands: Hands) -> bool:
    """Tell whether somebody else registered a device than the run of this ``mark``.

    The org says which person or API key it was (platform page 4.1), the mark which run.
    """
    author = found.registration.auth_id
    if None not in (author, hands.api_key) and author != hands.api_key:
        return True
    return run_of(found) not in (None, mark)


def _is_as_declared(item: Item, found: LiveDevice) -> bool:
    device, template = item.change.after, item.change.template
    if not isinstance(device, Device) or template is None:
        raise TypeError(item.change.name)
    recorded = parse_mark(item.change.name, found.mark).location
    return not compare_device(device, template, found, recorded).fields


def _drop(item: Item, hands: Hands) -> None:
    if item.fresh:
        hands.tokens.drop([item.client_id])
