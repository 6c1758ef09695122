"""Let a test look at and set the emulator itself, outside the API of the platform."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fleetsync.emulator.message import Answer
from fleetsync.emulator.refusal import RefusalError, not_found
from fleetsync.emulator.switches import parse_switches, show_value, switch_values
from fleetsync.errors import UsageError

if TYPE_CHECKING:
    from fleetsync.emulator.state import OrgState
    from fleetsync.emulator.value import JSON

CONTROL_ROOT = "/emulator"


def answer_control(state: OrgState, method: str, path: str, body: JSON) -> Answer:
    """Answer ``GET|DELETE /emulator/calls`` and ``GET|PUT /emulator/switches``."""
    match method, path:
        case "GET", "/emulator/calls":
            return Answer(200, json.dumps(state.calls))
        case "DELETE", "/emulator/calls":
            state.reset_calls()
            return Answer(204)
        case "PUT", "/emulator/switches":
            _set_switches(state, body)
            return Answer(200, json.dumps(switch_values(state.switches)))
        case "GET", "/emulator/switches":
            return Answer(200, json.dumps(switch_values(state.switches)))
        case _:
            raise not_found()


def _set_switches(state: OrgState, body: JSON) -> None:
    """Set the named switches; the others stay as they are."""
    if not isinstance(body, dict):
        raise RefusalError(400, "EMU0400E", "Send an object of switches.")
    given = [f"{name}={show_value(value)}" for name, value in body.items()]
    try:
        state.switches = parse_switches(given, state.switches)
    except UsageError as error:
        raise RefusalError(400, "EMU0400E", str(error)) from error
