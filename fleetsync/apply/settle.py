"""Settle what an earlier run left open when it was cut off, before anything new is planned.

Nothing is guessed: each device that a request of unknown end speaks of is looked at. Tokens of
devices that do not exist go, tokens of devices that exist stay, and a device of ours whose token
nobody saw is removed, so that this run registers it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from fleetsync.apply.hands import Hands, client_ids
from fleetsync.apply.look import look, see
from fleetsync.apply.refused import is_of_another, run_of
from fleetsync.apply.register_anew import remove_tokenless, why_not_anew
from fleetsync.apply.restore import settle_rotation
from fleetsync.apply.settled import Settled
from fleetsync.batch import encode_item, split_batches
from fleetsync.errors import FleetsyncError
from fleetsync.journal.entry import ROTATE, Deed, Name, Sight
from fleetsync.journal.run import Run
from fleetsync.model import DeviceKey, LiveDevice

Declared = Callable[[DeviceKey], bool]

UNDECLARED = "no manifest declares it"
"""Why a device stays that nobody can use and no manifest asks for."""

_UNASKED = "the org could not be asked what became of an earlier run; run again"


@dataclass(slots=True)
class _Case:
    """One run to settle, and what is found; ``hands`` carry that run's id and journal."""

    run: Run
    hands: Hands
    declared: Declared
    undeclared: str
    settled: Settled = field(default_factory=Settled)


def settle_run(run: Run, hands: Hands, declared: Declared, undeclared: str = UNDECLARED) -> Settled:
    """Settle one run; ``hands`` carry its journal and id, ``declared`` tells what is wanted.

    ``undeclared`` says why a device stays that is not wanted, though nobody knows its token. Raises
    FleetsyncError if the org cannot be asked: then the run stays open for the next apply.
    """
    if run.head.command == ROTATE:  # whatever is declared: what it deleted comes back
        return settle_rotation(run, hands)
    case = _Case(run, hands, declared, undeclared)
    creates = _keys(_open_creates(run))
    new = set(creates)
    _settle_deletes([key for key in _keys(_open_deletes(run)) if key not in new], case)
    _settle_creates(creates, case)
    return case.settled


def _open_creates(run: Run) -> Collection[Name]:
    """Name the new devices to look at: of a run that was cut off, every one it asked for.

    Its last answers may have come, and been noted, before the secrets file told what they said.
    """
    return run.asked(Deed.CREATE_DEVICES) if run.end is None else run.unsettled(Deed.CREATE_DEVICES)


def _open_deletes(run: Run) -> Collection[Name]:
    return run.asked(Deed.DELETE_DEVICES) if run.end is None else run.unsettled(Deed.DELETE_DEVICES)


def _keys(names: Collection[Name]) -> list[DeviceKey]:
    return [DeviceKey(type_id, device) for type_id, device in names if device is not None]


def _settle_deletes(keys: Sequence[DeviceKey], case: _Case) -> None:
    if not keys:
        return
    there = _asked(look(keys, case.hands), case.hands)
    gone = [key for key in keys if key not in there or _is_another_now(there[key], case.run)]
    names = [name for key in gone for name in client_ids(key, case.hands)]
    case.hands.tokens.retire(names, run=case.hands.run, at=case.hands.now())
    case.hands.journal.see(Sight.GONE, gone)
    case.hands.journal.see(Sight.THERE, [key for key in keys if key not in set(gone)])
    case.settled.deleted += len(gone)


def _is_another_now(found: LiveDevice, run: Run) -> bool:
    """Tell whether a device was deleted and registered anew by somebody since."""
    before = run.befores.get((found.type_id, found.device_id))
    if before is None or not isinstance(before.live, LiveDevice):
        return False
    return None not in (before.live.registration.date, found.registration.date) and (
        before.live.registration != found.registration
    )


def _settle_creates(keys: Sequence[DeviceKey], case: _Case) -> None:
    if not keys:
        return
    there = _asked(see(keys, case.hands), case.hands)
    absent = [key for key in keys if key not in there]
    undeclared = [key for key in absent if not case.declared(key)]
    hidden = _asked(look(undeclared, case.hands), case.hands)  # a list may lag: look at each
    there |= hidden
    _settle_absent([key for key in absent if key not in hidden], case)
    _remove(_sort_out(there, case), case)


def _settle_absent(keys: Sequence[DeviceKey], case: _Case) -> None:
    """Give up tokens of devices that nobody wants and nobody has; others will be used."""
    known = case.run.known
    for key in keys:
        for name in client_ids(key, case.hands):
            if case.declared(key):
                if key not in known:
                    case.hands.unproven[name] = case.hands.mark
            else:
                _give_up([name], case)
    case.hands.journal.see(Sight.GONE, keys)
    case.settled.absent += len(keys)


def _give_up(names: Collection[str], case: _Case) -> None:
    """Take tokens for invalid; those that an undo brought back can be brought back once more."""
    hands, undoes = case.hands, case.run.head.undoes
    if undoes is None:
        hands.tokens.drop(names)
    else:
        hands.tokens.retire(names, run=undoes, at=hands.now())


def _sort_out(there: dict[DeviceKey, LiveDevice], case: _Case) -> list[DeviceKey]:
    """Note whose the devices are, one line for many, and give ours whose token nobody knows."""
    seen: dict[Sight, list[DeviceKey]] = {Sight.OURS: [], Sight.ANOTHERS: [], Sight.TOKENLESS: []}
    for key, found in there.items():
        seen[_whose(key, found, case)].append(key)
    for sight, keys in seen.items():
        case.hands.journal.see(sight, keys)
    known = case.run.known
    others = [key for key in seen[Sight.ANOTHERS] if key not in known]
    _give_up([name for key in others for name in client_ids(key, case.hands)], case)
    case.settled.registered += len(seen[Sight.OURS])
    case.settled.ready += seen[Sight.OURS]
    return seen[Sight.TOKENLESS]


def _whose(key: DeviceKey, found: LiveDevice, case: _Case) -> Sight:
    hands = case.hands
    if is_of_another(found, hands.mark, hands):
        return Sight.ANOTHERS
    is_known = any(hands.tokens.known(name) for name in client_ids(key, hands))
    return Sight.OURS if is_known or run_of(found) != hands.mark else Sight.TOKENLESS


def _remove(keys: Sequence[DeviceKey], case: _Case) -> None:
    """Remove devices that nobody can use; those that are still declared are registered anew."""
    wanted = [key for key in keys if case.declared(key)]
    reasons = dict(zip(wanted, why_not_anew(wanted, case.hands), strict=True))
    reasons |= dict.fromkeys(set(keys).difference(wanted), case.undeclared)
    free = [key for key in keys if reasons[key] is None]
    case.settled.warnings += [
        f"{key}: token unknown: {reasons[key]}" for key in keys if reasons[key] is not None
    ]
    bodies = (encode_item({"typeId": key.type_id, "deviceId": key.device_id}) for key in free)
    rest = iter(free)
    for batch in split_batches(bodies):
        gone = remove_tokenless([next(rest) for _ in batch], case.hands)
        case.settled.removed += len(gone)
        if case.hands.fatal is not None:
            raise case.hands.fatal
    case.settled.tokenless += len(keys) - case.settled.removed


def _asked(there: dict[DeviceKey, LiveDevice] | None, hands: Hands) -> dict[DeviceKey, LiveDevice]:
    if there is None:
        raise hands.fatal or FleetsyncError(_UNASKED)
    return there
