"""Note the whole of what is live before anything of it is changed or deleted, for undo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from fleetsync.api.parallel import run_beside
from fleetsync.apply.attempt import is_over, note_error
from fleetsync.apply.hands import Hands
from fleetsync.diff.change import Change
from fleetsync.errors import ApiError, FleetsyncError
from fleetsync.journal.entry import Before
from fleetsync.model import DeviceKey, Location
from fleetsync.plan.cost import loses_location

_CHUNK = 100
"""So many are noted at once, one write to the disk for all; what changes later is noted later."""

_IN_FLIGHT = 8


def kept_before(changes: Sequence[Change], hands: Hands) -> Iterator[Change]:
    """Give the changes, each once what it changes is noted and on the disk.

    A run that is over notes nothing more: then the changes come as they are, to be reported so.
    """
    for start in range(0, len(changes), _CHUNK):
        chunk = changes[start : start + _CHUNK]
        if not is_over(hands):
            _keep(chunk, hands)
        yield from chunk


def _keep(changes: Sequence[Change], hands: Hands) -> None:
    try:
        places = _locations([change.key for change in changes if loses_location(change)], hands)
        if is_over(hands):
            return  # nothing is sent, and a location that was not read is not noted as none
        hands.journal.keep(_before(change, places) for change in changes)
    except FleetsyncError as error:
        note_error(error, hands)
        hands.fatal = hands.fatal or error  # whatever it was: nothing goes that was not noted


def _locations(keys: Sequence[DeviceKey], hands: Hands) -> dict[DeviceKey, Location | None]:
    found: dict[DeviceKey, Location | None] = {}

    def read(key: DeviceKey) -> None:
        if hands.stop.is_set():
            return
        try:
            found[key] = hands.registry.location(key)
        except ApiError as error:
            if error.status < 400 or error.status >= 500:
                raise
            return  # the org will not tell, so nobody can bring it back; undo says so

    run_beside([partial(read, key) for key in keys], threads=_IN_FLIGHT)
    return found


def _before(change: Change, places: dict[DeviceKey, Location | None]) -> Before:
    if change.before is None:
        raise ValueError(change.name)
    fields = tuple((field.path, field.before, field.after) for field in change.fields)
    if change.device_id is None:
        return Before((change.type_id, None), change.before, fields=fields)
    return Before(
        change.key,
        change.before,
        location=places.get(change.key),
        located=change.key in places,
        gateway=change.gateway,
        fields=fields,
    )
