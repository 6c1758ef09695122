"""Let a test look at and set the emulator itself, outside the API of the platform."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fleetsync.emulator.behaviour import Behaviour, behaviour_values, parse_behaviour
from fleetsync.emulator.message import Answer
from fleetsync.emulator.refusal import RefusalError, not_found
from fleetsync.emulator.setting import show_value
from fleetsync.errors import UsageError

if TYPE_CHECKING:
    from fleetsync.emulator.state import OrgState
    from fleetsync.emulator.value import JSON

CONTROL_ROOT = "/emulator"


def answer_control(state: OrgState, method: str, path: str, body: JSON) -> Answer:
    """Answer calls, switches and faults below ``/emulator``.

    ``GET|PUT /emulator/switches`` shows and sets the faults too; ``GET /emulator/faults`` is the
    log of those that struck. ``PUT /emulator/connections`` lets devices come and go.
    ``GET|DELETE /emulator/calls`` shows and forgets the counts.
    """
    match method, path:
        case "GET", "/emulator/calls":
            return Answer(200, json.dumps(state.calls))
        case "DELETE", "/emulator/calls":
            state.reset_calls()
            return Answer(204)
        case "PUT", "/emulator/switches":
            _set_switches(state, body)
            return _show_behaviour(state)
        case "GET", "/emulator/switches":
            return _show_behaviour(state)
        case "PUT", "/emulator/connections":
            _connect(state, body)
            return Answer(204)
        case "GET", "/emulator/faults":
            entries = [entry._asdict() for entry in state.fault_log]
            return Answer(200, json.dumps(entries))
        case _:
            raise not_found()


def _connect(state: OrgState, body: JSON) -> None:
    """Let devices come and go: ``{"type/device": true}`` connects one, false takes it away."""
    if not isinstance(body, dict):
        raise RefusalError(400, "EMU0400E", 'Send an object like {"type/device": true}.')
    for name, is_there in body.items():
        type_id, _, device_id = name.partition("/")
        note = state.note_connection if is_there else state.note_disconnection
        note(type_id, device_id)


def _set_switches(state: OrgState, body: JSON) -> None:
    """Set the named switches and faults; the others stay as they are."""
    if not isinstance(body, dict):
        raise RefusalError(400, "EMU0400E", "Send an object of switches.")
    given = [f"{name}={show_value(value)}" for name, value in body.items()]
    try:
        switches, faults = parse_behaviour(given, Behaviour(state.switches, state.faults))
    except UsageError as error:
        raise RefusalError(400, "EMU0400E", str(error)) from error
    state.switches = switches
    if faults != state.faults:
        state.faults = faults


def _show_behaviour(state: OrgState) -> Answer:
    values = behaviour_values(Behaviour(state.switches, state.faults))
    return Answer(200, json.dumps(values))
