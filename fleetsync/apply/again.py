"""Register deleted devices again, with all the patience that takes.

Whatever asks to stop meanwhile: only an error after which nothing may be written ends it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from fleetsync.apply.create import register_devices
from fleetsync.apply.hands import Hands, client_ids
from fleetsync.apply.look import look
from fleetsync.apply.outcome import Status
from fleetsync.apply.refused import drop_unused_tokens, run_of
from fleetsync.diff.change import Change
from fleetsync.errors import CredentialsError, InterruptedRunError, UnreachableError
from fleetsync.journal.entry import Sight
from fleetsync.stop import Stop

_PASSING = (UnreachableError, CredentialsError)
"""Errors that end every other run, but may pass while a deleted device waits."""

_LEFT_OUT = "it is deleted and not registered again yet: the next run does it first"
_THEIRS = "somebody else has registered it meanwhile, so its token is not known here"


class Fate(StrEnum):
    """What became of a device that was to get a new token.

    ``KEPT`` devices are as they were, their token is the old one. ``UNREGISTERED`` ones are
    deleted, or may be. ``TOKENLESS`` ones are registered, but the platform's answer with their
    token never came. ``THEIRS`` were registered by somebody else in between.
    """

    RENEWED = "renewed"
    KEPT = "kept"
    UNREGISTERED = "unregistered"
    TOKENLESS = "tokenless"
    THEIRS = "theirs"


class Renewal(NamedTuple):
    """A device, given by the delete that was planned of it, and what became of it."""

    change: Change
    fate: Fate
    reason: str = ""


def register_again(
    creates: Sequence[Change], hands: Hands, pauses: Sequence[float]
) -> Iterator[Renewal]:
    """Register deleted devices, with whatever patience it takes.

    A signal ends the waiting, never the registering.
    """
    left = list(creates)
    reasons: dict[str, str] = {}
    for pause in (0, *pauses):
        patient = patient_hands(hands, pause) if left else None
        if patient is None:
            break
        outcomes = list(register_devices(left, patient))
        for outcome in outcomes:
            reasons[outcome.change.name] = outcome.reason
            if outcome.status is Status.DONE:
                hands.journal.see(Sight.RENEWED, [outcome.change.key])
                yield Renewal(outcome.change, Fate.RENEWED, outcome.reason)
        done = {outcome.change.name for outcome in outcomes if outcome.status is Status.DONE}
        left = [change for change in left if change.name not in done]
        known = _known(left, patient)
        for end in known:
            yield end._replace(reason=reasons.get(end.change.name, "") or end.reason)
        names = {end.change.name for end in known}
        left = [change for change in left if change.name not in names]
        _take_over(patient, hands)
    patient = replace(hands, stop=Stop(), fatal=None) if hands.doubtful else None
    if patient is not None and not _is_lasting(hands):
        drop_unused_tokens(patient)
    for change in left:
        said = reasons.get(change.name)
        yield Renewal(change, Fate.UNREGISTERED, f"{said}; {_LEFT_OUT}" if said else _LEFT_OUT)


def _known(left: Sequence[Change], hands: Hands) -> list[Renewal]:
    """Find those that are there all the same: ours, though not quite as before, or another's."""
    there = look([change.key for change in left], hands) if left else {}
    ends = []
    for change in left:
        found = (there or {}).get(change.key)
        if found is None:
            continue
        if run_of(found) != hands.mark:
            ends.append(Renewal(change, Fate.THEIRS, _THEIRS))
        elif any(hands.tokens.known(name) for name in client_ids(change.key, hands)):
            hands.journal.see(Sight.RENEWED, [change.key])
            ends.append(Renewal(change, Fate.RENEWED))
        else:
            hands.journal.see(Sight.TOKENLESS, [change.key])
            ends.append(Renewal(change, Fate.TOKENLESS))
    return ends


def patient_hands(hands: Hands, pause: float) -> Hands | None:
    """Give hands that no signal holds up, after a pause; None if nothing more can be done."""
    if _is_lasting(hands):
        return None
    if pause and hands.stop.wait(pause):
        return None
    return replace(hands, stop=Stop(), fatal=None)


def _is_lasting(hands: Hands) -> bool:
    return hands.fatal is not None and not isinstance(hands.fatal, (*_PASSING, InterruptedRunError))


def _take_over(patient: Hands, hands: Hands) -> None:
    """Remember an error that ended what the patient hands did; one that passed counts no more."""
    hands.lost, hands.looks = patient.lost, patient.looks
    if isinstance(hands.fatal, _PASSING) or hands.fatal is None:
        hands.fatal = patient.fatal
