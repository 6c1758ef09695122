"""Write what happens as events for machines: one JSON object a line, in ASCII."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

EVENT_VERSION = 1
"""Goes up when an event loses a fact or changes its meaning; new events and facts leave it."""

Facts = Mapping[str, Any]
"""What an event tells, beside what every event has."""


def event_line(name: str, facts: Facts, *, sequence: int, time: str) -> str:
    """Write one event; what every event has comes first."""
    head = {"event": name, "version": EVENT_VERSION, "sequence": sequence, "time": time}
    return json.dumps({**head, **facts}) + "\n"
