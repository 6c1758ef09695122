"""Settle a rotation that was cut off or failed: what it deleted is registered again.

A device comes back as it was noted, with the token that the secrets file holds for it: the new one
if that was written down before the request, else the old one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fleetsync.apply.again import Fate, Renewal, register_again
from fleetsync.apply.attempt import attempt
from fleetsync.apply.hands import Hands, client_ids
from fleetsync.apply.look import look
from fleetsync.apply.refused import run_of
from fleetsync.apply.register_anew import remove_tokenless, why_not_anew
from fleetsync.apply.settled import Settled
from fleetsync.apply.update import update_device
from fleetsync.diff.change import Change, Inheritance
from fleetsync.diff.renewal import registered_again, unfinished
from fleetsync.errors import FleetsyncError
from fleetsync.journal.entry import Deed, Name, Sight
from fleetsync.journal.run import Run
from fleetsync.model import DeviceKey, LiveDevice
from fleetsync.model.key import client_id
from fleetsync.tokens.line import Entry

_UNASKED = "the org could not be asked what became of a rotation; run again"
_TYPE_GONE = "its device type is gone, so it is not registered again"
_UNRECORDED = "what it was before was not recorded, so it cannot be registered again"


def settle_rotation(run: Run, hands: Hands) -> Settled:
    """Look at each device that the run may have deleted, and register again what is not there.

    Raises FleetsyncError if the org cannot be asked: then the run stays open for the next one.
    """
    settled = Settled()
    keys = _open(run)
    there = look(keys, hands)
    if there is None:
        raise hands.fatal or FleetsyncError(_UNASKED)
    tokenless = _sort_out(there, run, hands, settled)
    absent = [key for key in keys if key not in there]
    absent += _removed(tokenless, hands, settled)
    hands.journal.see(Sight.GONE, absent)
    _restore(absent, run, hands, settled)
    return settled


def _open(run: Run) -> list[DeviceKey]:
    """Name what to look at: of a run that was cut off, all that it touched.

    Its last answers may have come, and been noted, before the secrets file told what they said.
    """
    names: list[Name] = [*run.unregistered, *run.unsettled(Deed.CREATE_DEVICES)]
    names += run.unsettled(Deed.DELETE_DEVICES)
    if run.end is None:
        names += run.asked(Deed.DELETE_DEVICES)
    return [DeviceKey(type_id, device) for type_id, device in dict.fromkeys(names) if device]


def _sort_out(
    there: dict[DeviceKey, LiveDevice], run: Run, hands: Hands, settled: Settled
) -> list[DeviceKey]:
    """Note whose the devices are; give those of ours whose token nobody knows."""
    seen: dict[Sight, list[DeviceKey]] = {}
    for key, found in there.items():
        seen.setdefault(_whose(key, found, run, hands), []).append(key)
    for sight, keys in seen.items():
        hands.journal.see(sight, keys)
    settled.registered += len(there) - len(seen.get(Sight.TOKENLESS, ()))
    _bring_back(seen.get(Sight.THERE, ()), run, hands)
    unfinished = [key for key in seen.get(Sight.OURS, ()) if key not in run.renewed]
    _complete({key: there[key] for key in unfinished}, run, hands, settled)
    return seen.get(Sight.TOKENLESS, [])


def _whose(key: DeviceKey, found: LiveDevice, run: Run, hands: Hands) -> Sight:
    if run_of(found) == hands.mark:
        known = any(_is_its_own(name, key, run, hands) for name in client_ids(key, hands))
        return Sight.OURS if known else Sight.TOKENLESS
    before = run.befores.get(key)
    live = None if before is None else before.live
    same = isinstance(live, LiveDevice) and live.registration == found.registration
    return Sight.THERE if same else Sight.ANOTHERS


def _is_its_own(name: str, key: DeviceKey, run: Run, hands: Hands) -> bool:
    """Tell whether the token in the file is the one that the run registered the device with.

    The old one may stand there still, where the platform made another that nobody has seen.
    """
    known = hands.tokens.known(name)
    return known is not None and (
        key in run.known or known != hands.tokens.retired(name, hands.run)
    )


def _complete(there: dict[DeviceKey, LiveDevice], run: Run, hands: Hands, settled: Settled) -> None:
    """Bring devices to what registration alone could not give them, and the run came not to."""
    for change in _creates(list(there), run, hands, settled):
        rest = unfinished(change, there[change.key])
        if rest is not None:
            end = attempt(update_device, rest, hands)
            settled.warnings += [f"{change.name}: {end.reason}"] if end.reason else []


def _removed(keys: Sequence[DeviceKey], hands: Hands, settled: Settled) -> list[DeviceKey]:
    """Remove devices that nobody can use, unless they have connected since; give those gone."""
    if not keys:
        return []
    reasons = dict(zip(keys, why_not_anew(keys, hands), strict=True))
    settled.warnings += [f"{key}: token unknown: {why}" for key, why in reasons.items() if why]
    free = [key for key, why in reasons.items() if why is None]
    gone = remove_tokenless(free, hands) if free else set()
    if hands.fatal is not None:
        raise hands.fatal
    settled.tokenless += len(keys) - len(gone)
    return [key for key in keys if key in gone]


def _restore(keys: Sequence[DeviceKey], run: Run, hands: Hands, settled: Settled) -> None:
    creates = list(_creates(keys, run, hands, settled))
    _bring_back([change.key for change in creates], run, hands)
    # A token that is on the disk is better than one that only an answer tells.
    writing = replace(hands, platform_tokens=False)
    for end in register_again(creates, writing, ()):
        _note(end, settled)
        if end.fate is Fate.RENEWED:
            hands.journal.see(Sight.OURS, [end.change.key])
    hands.fatal = writing.fatal
    if hands.fatal is not None:
        raise hands.fatal


def _note(end: Renewal, settled: Settled) -> None:
    if end.fate is Fate.RENEWED:
        settled.restored += 1
        settled.ready.append(end.change.key)
        if end.reason:
            settled.warnings.append(f"{end.change.name}: {end.reason}")
    else:
        settled.warnings.append(f"{end.change.name}: not registered again: {end.reason}")


def _creates(
    keys: Sequence[DeviceKey], run: Run, hands: Hands, settled: Settled
) -> Iterator[Change]:
    passed_on: dict[str, Inheritance | None] = {}
    for key in keys:
        before = run.befores.get(key)
        if before is None or not isinstance(before.live, LiveDevice):
            settled.warnings.append(f"{key}: {_UNRECORDED}")
            continue
        if key.type_id not in passed_on:
            passed_on[key.type_id] = _inheritance(key.type_id, hands)
        inherited = passed_on[key.type_id]
        if inherited is None:  # nothing can be registered under it, now or later
            settled.warnings.append(f"{key}: {_TYPE_GONE}")
            hands.journal.see(Sight.ANOTHERS, [key])
        else:
            yield registered_again(before, inherited)


def _inheritance(type_id: str, hands: Hands) -> Inheritance | None:
    """Ask the org what a type passes on to new devices; None if it is gone."""
    found = hands.registry.device_type(type_id)
    return None if found is None else Inheritance(found.device_info, found.metadata)


def _bring_back(keys: Sequence[DeviceKey], run: Run, hands: Hands) -> None:
    """Have a valid line in the secrets file for each: the old token, if there is no newer one."""
    entries = []
    for key in keys:
        before = run.befores.get(key)
        name = client_id(hands.org, key, gateway=before is not None and before.gateway)
        if hands.tokens.known(name) is None:
            old = hands.tokens.retired(name, hands.run)
            entries += [] if old is None else [Entry(name, *key, old, hands.now())]
    hands.tokens.promise(entries)
