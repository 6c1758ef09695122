"""Give devices new tokens: delete and register again, a few at a time, and leave none deleted.

The platform has no call that changes a token (page 11.10). What is deleted is registered again
whatever asks to stop meanwhile, and tried for long if the org refuses; what cannot be registered in
the end stays open in the journal, and the next run does it first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from fleetsync.api.parallel import run_beside
from fleetsync.apply.again import Fate, Renewal, patient_hands, register_again
from fleetsync.apply.attempt import is_over, note_error
from fleetsync.apply.delete import delete_kept
from fleetsync.apply.hands import Hands, client_ids
from fleetsync.apply.look import look
from fleetsync.apply.outcome import Outcome, Status
from fleetsync.batch import encode_item
from fleetsync.diff.change import Change, Inheritance
from fleetsync.diff.renewal import registered_again
from fleetsync.errors import FleetsyncError
from fleetsync.journal.entry import Before, Sight
from fleetsync.model import DeviceKey, LiveDevice, Location
from fleetsync.model.mark import parse_mark
from fleetsync.plan.body import create_device_body
from fleetsync.plan.cost import MAX_ITEM_BYTES, TOKEN_BYTES

CHUNK = 20
"""No more devices than this are deleted and not registered again at any moment."""

_IN_FLIGHT = 8
_GONE = "the org does not know it any more"
_ANEW = "it was registered anew since the org was read"
_PROTECTED = "it was protected since the org was read"
_TIED = "a gateway has registered it since the org was read"
_TOO_LARGE = "it is larger than a request may be, so it could not be registered again"
_LOST_BEFORE = "not begun, since one before it could not be registered again"
_NOT_BEGUN = "the run ended before it was begun"
_UNSEEN = "nobody could look whether it was deleted: the next run does it first"


@dataclass(frozen=True, slots=True)
class Renewer:
    """What renewing needs besides the hands: what types pass on, and how patient it is.

    ``pauses`` are the seconds to wait between tries to register what is deleted.
    """

    hands: Hands
    inherited: Mapping[str, Inheritance]
    pauses: Sequence[float] = (1, 2, 4, 8, 15, 15, 15)

    def renew(self, changes: Sequence[Change]) -> Iterator[Renewal]:
        """Give each device a new token; the ends come as they are known.

        Once a device could not be registered again, no other one is deleted.
        """
        lost = False
        for start in range(0, len(changes), CHUNK):
            chunk = changes[start : start + CHUNK]
            if lost:
                yield from (Renewal(change, Fate.KEPT, _LOST_BEFORE) for change in chunk)
                continue
            for end in self._renew(chunk):
                lost = lost or end.fate not in (Fate.RENEWED, Fate.KEPT)
                yield end

    def _renew(self, changes: Sequence[Change]) -> Iterator[Renewal]:
        hands = self.hands
        if is_over(hands):
            yield from (Renewal(change, Fate.KEPT, _NOT_BEGUN) for change in changes)
            return
        ready: dict[DeviceKey, Before] = {}
        for change, found in zip(changes, _read(changes, hands), strict=True):
            if isinstance(found, Before) and not (reason := self._hindrance(change, found)):
                ready[change.key] = found
            else:
                words = found if isinstance(found, str) else reason
                yield Renewal(change, Fate.KEPT, words)
        asked = [change for change in changes if change.key in ready]
        yield from self._replace(asked, ready)

    def _hindrance(self, change: Change, found: Before) -> str:
        """Say why a device must not be deleted as it is now; empty if it may."""
        before, now = change.before, found.live
        if not (isinstance(before, LiveDevice) and isinstance(now, LiveDevice)):
            raise TypeError(change.name)
        if before.registration.date is not None and before.registration != now.registration:
            return _ANEW
        marks = [parse_mark(change.name, each.mark) for each in (before, now)]
        if marks[1].protect and not marks[0].protect:
            return _PROTECTED
        if now.via_gateway and not before.via_gateway:
            return _TIED
        body = create_device_body(self._again(change, found), self.hands.mark)
        too_large = len(encode_item(body)) + TOKEN_BYTES > MAX_ITEM_BYTES
        return _TOO_LARGE if too_large else ""

    def _again(self, change: Change, found: Before) -> Change:
        inherited = self.inherited.get(change.type_id, Inheritance())
        return registered_again(found, inherited, change.source)

    def _replace(
        self, changes: Sequence[Change], found: Mapping[DeviceKey, Before]
    ) -> Iterator[Renewal]:
        """Delete devices that nothing speaks against, and register them again."""
        hands = self.hands
        if not changes:
            return
        try:
            hands.journal.keep(found.values())
            names = (name for change in changes for name in client_ids(change.key, hands))
            hands.tokens.keep_old(names, run=hands.run, at=hands.now())
        except FleetsyncError as error:
            hands.fatal = hands.fatal or error  # nothing goes that was not noted
            yield from (Renewal(change, Fate.KEPT, str(error)) for change in changes)
            return
        planned = {change.key: change for change in changes}
        deletes = [change._replace(before=found[change.key].live) for change in changes]
        gone: list[DeviceKey] = []
        for end in self._delete(deletes):
            if end.fate is Fate.RENEWED:
                gone.append(end.change.key)
            else:
                yield end._replace(change=planned[end.change.key])
        creates = [self._again(planned[key], found[key]) for key in gone]
        for end in register_again(creates, hands, self.pauses):
            yield end._replace(change=planned[end.change.key])

    def _delete(self, deletes: Sequence[Change]) -> Iterator[Renewal]:
        """Delete; what is gone for sure comes as if it was renewed already."""
        hands = self.hands
        unsure: dict[DeviceKey, Outcome] = {}
        begun: set[str] = set()
        for outcome in delete_kept(deletes, iter(deletes), hands):
            begun.add(outcome.change.name)
            if outcome.status is Status.DONE:
                yield Renewal(outcome.change, Fate.RENEWED)
            else:
                unsure[outcome.change.key] = outcome
        for change in deletes:
            if change.name not in begun:
                yield Renewal(change, Fate.KEPT, _NOT_BEGUN)
        yield from self._look_into(unsure)

    def _look_into(self, unsure: dict[DeviceKey, Outcome]) -> Iterator[Renewal]:
        """See what became of deletes that failed, or that nobody could look after."""
        if not unsure:
            return
        hands = self.hands
        there = None
        for pause in (0, *self.pauses):
            patient = patient_hands(hands, pause)
            there = None if patient is None else look(unsure, patient)
            if there is not None or patient is None:
                break
        gone = [] if there is None else [key for key in unsure if key not in there]
        hands.journal.see(Sight.GONE, gone)
        names = [name for key in gone for name in client_ids(key, hands)]
        hands.tokens.retire(names, run=hands.run, at=hands.now())
        for key, outcome in unsure.items():
            if there is None:
                yield Renewal(outcome.change, Fate.UNREGISTERED, f"{outcome.reason}; {_UNSEEN}")
            elif key in there:
                yield Renewal(outcome.change, Fate.KEPT, outcome.reason)
            else:
                yield Renewal(outcome.change, Fate.RENEWED)


def _read(changes: Sequence[Change], hands: Hands) -> list[Before | str]:
    """Read each device and its location as they are now; a text says why it must stay."""

    def read(change: Change) -> Before | str:
        if is_over(hands):
            return _NOT_BEGUN
        try:
            device = hands.registry.device(change.key)
            place = hands.registry.location(change.key)
        except FleetsyncError as error:
            note_error(error, hands)
            return f"it could not be read as a whole, so it was not deleted: {error}"
        return _GONE if device is None else _before(change, device, place)

    return run_beside([partial(read, change) for change in changes], threads=_IN_FLIGHT)


def _before(change: Change, device: LiveDevice, place: Location | None) -> Before:
    return Before(change.key, device, location=place, located=True, gateway=change.gateway)
