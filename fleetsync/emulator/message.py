"""Hold a request and an answer, free of the web server's forms."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleetsync.emulator.refusal import RefusalError
    from fleetsync.emulator.switches import Switches
    from fleetsync.emulator.value import JSON

_USUALLY_SHORT = frozenset({401, 403, 404})


@dataclass(frozen=True, slots=True)
class Request:
    """A call: the ids out of its path, its query, and its JSON body (None where it has none)."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: JSON = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a text (JSON, or none at all), and further headers."""

    status: int
    text: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=())


def refusal_answer(refusal: RefusalError, switches: Switches) -> Answer:
    """Return the answer to a refused request: the full error body, or less (platform page 1.4)."""
    is_short = refusal.status in _USUALLY_SHORT and not refusal.explained
    if is_short and switches.error_body != "full":
        return Answer(refusal.status, "" if switches.error_body == "empty" else "{}")
    return Answer(refusal.status, json.dumps(refusal.body()))
