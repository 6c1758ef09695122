"""Be somebody else who writes to the org between two requests, like a user of the dashboard."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.emulator import device
from fleetsync.emulator.access_group import among_sql, is_among, read_patterns
from fleetsync.emulator.faults import split_list
from fleetsync.emulator.refusal import RefusalError
from fleetsync.emulator.turn import Author

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from fleetsync.emulator.faults import Faults
    from fleetsync.emulator.mishap import Incident
    from fleetsync.emulator.state import OrgState
    from fleetsync.emulator.turn import Turn

SECOND_WRITER = Author("person", "second-writer@example.com")


class _Key(NamedTuple):
    type_id: str
    device_id: str

    def __str__(self) -> str:
        return f"{self.type_id}/{self.device_id}"


class _Writer(NamedTuple):
    """What the second writer works with: a turn at the org, the faults, and chance."""

    turn: Turn
    faults: Faults
    chance: Random


def write_meanwhile(state: OrgState, incident: Incident) -> None:
    """Let the second writer do one thing, if it strikes and there is something to do."""
    if not incident.strikes("second_writer"):
        return
    chance = incident.dice.throw("second_writer", "deed")
    deed = chance.choice(split_list(incident.faults.second_writer_does))
    try:
        with state.turn(SECOND_WRITER, writing=True) as turn:
            done = _DEEDS[deed](_Writer(turn, incident.faults, chance))
    except RefusalError:  # a quota is reached, or the org does not take what it would write
        return
    if done:
        incident.note("second_writer", done)


def _create(writer: _Writer) -> str | None:
    """Register a device with a new id; say what was done, None if there is nothing to be done."""
    types = [row[0] for row in writer.turn.connection.execute("SELECT id FROM device_type")]
    on = read_patterns(writer.faults.second_writer_on)
    spared = read_patterns(writer.faults.second_writer_spares)
    number = writer.chance.randrange(10**6)
    keys = [_Key(type_id, f"other-{number:06}") for type_id in sorted(types)]
    free = [key for key in keys if (not on or is_among(*key, on)) and not is_among(*key, spared)]
    if not free:
        return None
    key = writer.chance.choice(free)
    device.add_device(writer.turn, key.type_id, {"deviceId": key.device_id})
    return f"create {key}"


def _delete(writer: _Writer) -> str | None:
    key = _find_device(writer)
    if key is None:
        return None
    device.delete_device(writer.turn, *key)
    return f"delete {key}"


def _update(writer: _Writer) -> str | None:
    key = _find_device(writer)
    if key is None:
        return None
    part = writer.chance.choice(["metadata", "deviceInfo", "location"])
    number = writer.chance.randrange(10**6)
    if part == "location":
        body = {"latitude": number % 90, "longitude": number % 180}
        device.put_location(writer.turn, *key, {**body})
    elif part == "deviceInfo":
        info = {"descriptiveLocation": f"Hall {number}"}
        device.update_device(writer.turn, *key, {"deviceInfo": {**info}})
    else:
        text = device.get_device(writer.turn, *key).metadata
        metadata = {**json.loads(text or "{}"), "touched": number}
        device.update_device(writer.turn, *key, {"metadata": metadata})
    return f"update {key} {part}"


_DEEDS: dict[str, Callable[[_Writer], str | None]] = {
    "create": _create,
    "update": _update,
    "delete": _delete,
}


def _find_device(writer: _Writer) -> _Key | None:
    """Return one of the devices that the second writer may touch."""
    on = read_patterns(writer.faults.second_writer_on or "*")
    spared = read_patterns(writer.faults.second_writer_spares)
    source = f"device WHERE {among_sql(on)} AND NOT {among_sql(spared)}"
    connection = writer.turn.connection
    count = connection.execute(f"SELECT count(*) FROM {source}").fetchone()[0]  # noqa: S608 - see among_sql
    if not count:
        return None
    sql = f"SELECT type_id, device_id FROM {source} ORDER BY 1, 2 LIMIT 1 OFFSET ?"  # noqa: S608 - same
    return _Key(*connection.execute(sql, (writer.chance.randrange(count),)).fetchone())
