"""Wait, after an apply, for the devices that it registered; no lock is held and no file open."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import count
from threading import Event

import click

from fleetsync.api.presence import Client
from fleetsync.api.registry import Registry
from fleetsync.api.transport import Reader
from fleetsync.apply.outcome import Outcome, Status
from fleetsync.cli.duration import DurationType
from fleetsync.cli.events import tell_event
from fleetsync.cli.progress import notice, warn
from fleetsync.cli.vigil import Vigil
from fleetsync.diff.change import Action
from fleetsync.errors import ApiError, CredentialsError, FleetsyncError, InterruptedRunError
from fleetsync.model import DesiredFleet, DeviceKey, Kind
from fleetsync.model.presence import Presence, PresenceState
from fleetsync.report.online import Online, WaitEnd
from fleetsync.report.outcome import Report
from fleetsync.report.words import counted, duration

_UNTOLD = "the org does not tell"
_UNSEEN = "the waiting was interrupted before all could be asked for"
_NOT_BEGUN = "the run was stopped, so nobody looked"
_STALE = (
    "shown as connected, but with an empty connection log: it may be a session from before it was"
    " registered"
)
_LASTING = (403, 404)
"""The org does not tell who is connected, however often it is asked."""

online_option = click.option(
    "--wait-online",
    type=DurationType(),
    metavar="TIME",
    help="After the changes, wait so long for the new devices to connect: 90s, 10m, 1h.",
)


def new_devices(
    outcomes: Sequence[Outcome], earlier: Sequence[DeviceKey], desired: DesiredFleet
) -> list[Client]:
    """Give the devices that this run registered, or was the first to find registered.

    ``earlier`` are those of runs that were cut off; what no manifest declares is nobody's to await.
    """
    found = {
        change.key: Client(change.key, change.gateway)
        for change, status, _ in outcomes
        if status is Status.DONE and (change.kind, change.action) == (Kind.DEVICE, Action.CREATE)
    }
    for key in earlier:
        template = desired.types.get(key.type_id)
        if template is not None and key.device_id in desired.devices.get(key.type_id, {}):
            gateway = template.class_id != "Device"  # also if nobody says: both names are asked for
            found.setdefault(key, Client(key, gateway))
    return list(found.values())


def with_online(
    report: Report, clients: Sequence[Client], reader: Reader, seconds: float
) -> Report:
    """Wait until all have connected, the time is over or somebody interrupts; add who came."""
    if report.stopped or report.fatal is not None:
        unknown = {client.key: _NOT_BEGUN for client in clients}
        return report._replace(online=Online((), (), unknown, WaitEnd.NOT_BEGUN, 0.0))
    if not clients:
        return report._replace(online=Online((), (), {}, WaitEnd.ALL, 0.0))
    before = reader.requests
    notice(_beginning(report, len(clients), seconds))
    online = _waited(report.plan.org, clients, reader, seconds)
    return report._replace(online=online, calls=report.calls + reader.requests - before)


def _beginning(report: Report, awaited: int, seconds: float) -> str:
    """Tell what those who watch will else read in the report, when the waiting is over."""
    undone = len(report.outcomes) - report.changed - report.counts.get(Status.ALREADY, 0)
    carried_out = f"{counted(report.changed, 'change', 'changes')} carried out"
    return (
        f"{carried_out}{f', {undone:,} not' if undone else ''}; waiting up to {duration(seconds)}"
        f" for {counted(awaited, 'new device', 'new devices')} to connect, with the tokens in"
        f" {report.secrets_file}; Ctrl-C ends the waiting"
    )


def _waited(org: str, clients: Sequence[Client], reader: Reader, seconds: float) -> Online:
    interrupted = Event()
    registry = Registry(reader.heard_by(_until(interrupted)))
    vigil = Vigil(org, clients, registry, _Newcomers(registry).judge, _telling(len(clients)))
    vigil.unknown = {client.key: _UNSEEN for client in clients}
    trouble = _Trouble()
    began_at = time.monotonic()
    try:
        vigil.keep(
            "connected",
            enough=len(clients),
            seconds=seconds,
            stop=Event(),
            on_error=trouble.goes_on,
        )
    except KeyboardInterrupt:  # nothing is written meanwhile, so that it may end anywhere
        interrupted.set()
        notice("interrupted: nobody waits any longer; what was applied stands")
    end = WaitEnd.UNTOLD if trouble.lasting else WaitEnd.TIME
    if interrupted.is_set():
        end = WaitEnd.INTERRUPTED
    return _online(vigil, end, time.monotonic() - began_at)


def _online(vigil: Vigil, end: WaitEnd, seconds: float) -> Online:
    """Sort the devices by what is known of them in the end."""
    keys = [client.key for client in vigil.clients]
    came = tuple(key for key in keys if key in vigil.came)
    unknown = {key: why for key, why in vigil.unknown.items() if key not in vigil.came}
    absent = tuple(key for key in keys if key not in vigil.came and key not in unknown)
    return Online(came, absent, unknown, end if len(came) < len(keys) else WaitEnd.ALL, seconds)


def _until(interrupted: Event) -> Callable[[str], None]:
    """Tell of retries; one that is left in a thread when the waiting is interrupted is the last."""

    def tell(message: str) -> None:
        if interrupted.is_set():
            raise InterruptedRunError("interrupted; nobody waits for this answer any more")
        notice(message)

    return tell


def _telling(total: int) -> Callable[[DeviceKey], None]:
    numbers = count(1)

    def tell(key: DeviceKey) -> None:
        device = {"typeId": key.type_id, "deviceId": key.device_id}
        tell_event("online", {**device, "done": next(numbers), "total": total})

    return tell


class _Newcomers:
    """Tells devices that came from those whose state is of an earlier life under the same name."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._off: dict[DeviceKey, PresenceState] = {}

    def judge(self, key: DeviceKey, presence: Presence) -> bool | str:
        """Tell whether a device has connected since it was registered.

        A session that nobody saw begin may be one from before, if a device of that name was
        deleted: its connection log tells. One that was never seen and then is known to be off has
        come and gone again.
        """
        state = presence.state
        if state is PresenceState.UNKNOWN:
            return _UNTOLD
        if state is PresenceState.CONNECTED:
            return key in self._off or self._logged(key)
        return self._off.setdefault(key, state) is not state

    def _logged(self, key: DeviceKey) -> bool | str:
        try:
            return self._registry.has_connected(key) or _STALE
        except (ApiError, CredentialsError) as error:
            return str(error)


class _Trouble:
    """Tells of looks that failed, each trouble once as long as it stays the same."""

    def __init__(self) -> None:
        self._told = ""
        self.lasting = False

    def goes_on(self, error: FleetsyncError) -> bool:
        """Tell whether another look may succeed."""
        self.lasting = isinstance(error, CredentialsError) or (
            isinstance(error, ApiError) and error.status in _LASTING
        )
        if str(error) != self._told and not self.lasting:
            self._told = str(error)
            warn(f"nobody could see who has connected: {error}; looking again")
        return not self.lasting
