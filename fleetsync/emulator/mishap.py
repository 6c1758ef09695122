"""Decide for each request which faults strike it, and keep the log of those that did."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from fleetsync.emulator.aim import Aim, Call, take_aim
from fleetsync.emulator.dice import Dice
from fleetsync.emulator.faults import (
    ADD_FAULTS,
    AFTER_FAULTS,
    BEFORE_FAULTS,
    LIST_FAULTS,
    NO_FAULTS,
    OTHER_FAULTS,
    REMOVE_FAULTS,
    Faults,
)
from fleetsync.emulator.setting import public_name
from fleetsync.emulator.throttle import Window

BULK_ADD = "POST /bulk/devices/add"
BULK_REMOVE = "POST /bulk/devices/remove"
LISTS = frozenset(
    {
        "GET /bulk/devices",
        "GET /device/types",
        "GET /device/types/{typeId}/devices",
        "GET /device/types/{typeId}/devices/{deviceId}/devices",
    }
)

_ITEM_RATE_OF_ANY = 0.5


class FaultEntry(NamedTuple):
    """A fault that struck.

    ``number`` counts the calls over HTTP since the faults were set, from 1; ``call`` is as in
    ``OrgState.calls``, or names a client of MQTT; ``fault`` is the fault's public name, and after a
    space what became of it.
    """

    number: int
    call: str
    fault: str


@dataclass(frozen=True, slots=True)
class Incident:
    """A request that is aimed at: what strikes it, decided by dice.

    ``must_wait`` are the seconds by which it comes too early, 0 if it does not. ``drawn`` is the
    fault that ``anyFault`` has drawn for it.
    """

    faults: Faults
    dice: Dice
    number: int
    call: str
    must_wait: float
    drawn: str | None
    log: list[FaultEntry]

    def strikes(self, fault: str, *part: object) -> bool:
        """Tell whether a fault strikes the request, or a part of it."""
        rate: float = getattr(self.faults, fault)
        if self.drawn == fault:
            rate = max(rate, _ITEM_RATE_OF_ANY if part else 1.0)
        return rate > 0 and self.dice.throw(fault, *part).random() < rate

    def pick(self, faults: tuple[str, ...], *part: object) -> str | None:
        """Return the one of these faults that strikes, None if none does; the lot decides."""
        struck = [fault for fault in faults if self.strikes(fault, *part)]
        return self.dice.throw("pick", *part).choice(struck) if struck else None

    def note(self, fault: str, detail: str = "") -> None:
        """Enter into the log that a fault struck."""
        text = f"{public_name(fault)} {detail}".rstrip()
        self.log.append(FaultEntry(self.number, self.call, text))


class Mishaps:
    """The faults at work: counts calls, so that each fault finds its own; safe for threads.

    Another value of the faults begins anew, with an empty log, even if it equals the one before.
    """

    def __init__(self, log: list[FaultEntry]) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._begin(NO_FAULTS)

    def meet(self, faults: Faults, call: Call) -> Incident | None:
        """Count a call, and return what may strike it; None if no fault is aimed at it."""
        with self._lock:
            self._obey(faults)
            self._number += 1
            self._seen[call.target] += 1
            if not self._aim.is_at(call):
                return None
            self._matched += 1
            if not self._aim.hits(self._matched):
                return None
            dice = Dice(faults.fault_seed, call.target, self._seen[call.target])
            wait = self._window.seconds_to_wait()
            drawn = _draw(faults, dice, call.name)
            return Incident(faults, dice, self._number, call.name, wait, drawn, self._log)

    def strikes_client(self, faults: Faults, fault: str, client_id: str) -> bool:
        """Tell whether a fault strikes what a client does over MQTT, and note it if so."""
        rate: float = getattr(faults, fault)
        if not rate:
            return False
        target = f"MQTT {client_id}"
        with self._lock:
            self._obey(faults)
            self._seen[f"{fault} {target}"] += 1
            dice = Dice(faults.fault_seed, target, self._seen[f"{fault} {target}"])
            is_struck = dice.throw(fault).random() < rate
            if is_struck:
                self._log.append(FaultEntry(self._number, target, public_name(fault)))
        return is_struck

    def _obey(self, faults: Faults) -> None:
        if faults is not self._faults:
            self._begin(faults)
            self._log.clear()

    def _begin(self, faults: Faults) -> None:
        self._faults = faults
        self._aim: Aim = take_aim(faults)
        self._window = Window(faults.throttle_calls_per_second)
        self._seen: Counter[str] = Counter()
        self._number = 0
        self._matched = 0


def _draw(faults: Faults, dice: Dice, call: str) -> str | None:
    """Return the one fault that ``anyFault`` draws for a request, if it does."""
    if not faults.any_fault:
        return None
    chance = dice.throw("any_fault")
    return chance.choice(_faults_of(call)) if chance.random() < faults.any_fault else None


def _faults_of(call: str) -> tuple[str, ...]:
    """Return the faults that can strike a call."""
    of_call: tuple[str, ...] = LIST_FAULTS if call in LISTS else ()
    if call == BULK_ADD:
        of_call = ADD_FAULTS
    if call == BULK_REMOVE:
        of_call = REMOVE_FAULTS
    return (*BEFORE_FAULTS, *AFTER_FAULTS, *of_call, *OTHER_FAULTS)
