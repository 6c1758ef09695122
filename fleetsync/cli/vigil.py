"""Wait until devices connect, and know at any moment which did, and of which nobody knows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event

from fleetsync.api.presence import Client
from fleetsync.api.registry import Registry
from fleetsync.cli.progress import Progress
from fleetsync.errors import FleetsyncError
from fleetsync.model import DeviceKey
from fleetsync.model.presence import Presence

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0

Judge = Callable[[DeviceKey, Presence], bool | str]
"""Tells whether a device has come, by what the org tells of it; or why nobody knows, in words."""

OnError = Callable[[FleetsyncError], bool]
"""Hears why a look failed, and tells whether there is any use in another one."""


def ignore_arrival(_key: DeviceKey) -> None:
    """Stand for the hook that hears of each device that came."""


@dataclass(slots=True)
class Vigil:
    """Devices that are waited for: who ``came``, and what the last look told of all others.

    ``unknown`` are those of which it told nothing, each with the reason.
    """

    org: str
    clients: Sequence[Client]
    registry: Registry
    judge: Judge
    arrived: Callable[[DeviceKey], None] = ignore_arrival
    came: set[DeviceKey] = field(default_factory=set)
    unknown: Mapping[DeviceKey, str] = field(default_factory=dict)

    def keep(
        self, label: str, *, enough: int, seconds: float, stop: Event, on_error: OnError
    ) -> None:
        """Look again and again until so many came, the time is over or ``stop`` is set.

        There is one look at least. The pauses grow, and the last look is at the end of the time.
        """
        ends_at = time.monotonic() + seconds
        pause = _FIRST_PAUSE
        with Progress(label, paced=False) as progress:
            while self._looked(on_error):
                progress.update(len(self.came), len(self.clients))
                left = ends_at - time.monotonic()
                if len(self.came) >= enough or left <= 0 or stop.wait(min(pause, left)):
                    break
                pause = min(pause * 2, _LONGEST_PAUSE)

    def _looked(self, on_error: OnError) -> bool:
        """Look once; after an error nobody knows of those who had not come."""
        try:
            self._look()
        except FleetsyncError as error:
            self.unknown = {client.key: str(error) for client in self._missing()}
            return on_error(error)
        return True

    def _look(self) -> None:
        unknown: dict[DeviceKey, str] = {}
        for key, presence in self.registry.presences(self.org, self._missing()).items():
            verdict = self.judge(key, presence)
            if isinstance(verdict, str):
                unknown[key] = verdict
            elif verdict:
                self.came.add(key)
                self.arrived(key)
        self.unknown = unknown

    def _missing(self) -> list[Client]:
        return [client for client in self.clients if client.key not in self.came]
