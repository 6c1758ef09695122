"""Wait, once an apply is over and its locks are free, for the devices that it registered."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import click

from fleetsync.api.presence import Client
from fleetsync.api.registry import Registry
from fleetsync.api.transport import Reader
from fleetsync.apply.outcome import Outcome, Status
from fleetsync.cli.awaiting import Until, await_connected
from fleetsync.cli.duration import DurationType
from fleetsync.cli.events import tell_event
from fleetsync.cli.options import Decorated
from fleetsync.cli.progress import notice, warn
from fleetsync.diff.change import Action
from fleetsync.errors import ApiError, CredentialsError, InterruptedRunError, UnreachableError
from fleetsync.model import DesiredFleet, DeviceKey, Kind
from fleetsync.model.presence import PresenceState
from fleetsync.report.online import Online
from fleetsync.report.outcome import Report
from fleetsync.report.words import counted, counted_kind, duration
from fleetsync.settings import EmbeddedOrg, Settings
from fleetsync.stop import Stop

_SKEW = timedelta(days=1)
"""The clocks of this machine and of the org may differ by so much."""
_EMBEDDED = "no device can connect to an embedded org; fleetsync emulator --mqtt lets them"
_UNTOLD = "the org does not tell"
_STALE = (
    "shown as connected from the first look on, with no entry in the connection log: it may be a"
    " session from before"
)
_UNSEEN = "interrupted before all were asked for"
_INTERRUPTED = "the waiting for devices was interrupted; what was applied stays"


def online_option(command: Decorated) -> Decorated:
    """Add the option that says how long to wait for new devices."""
    return click.option(
        "--wait-online",
        "wait_online",
        type=DurationType(),
        metavar="TIME",
        help="Wait up to TIME (10m; 90s, 1h) for the new devices, and tell which came up.",
    )(command)


def new_devices(outcomes: Sequence[Outcome]) -> dict[DeviceKey, Client]:
    """Give the devices that this run registered."""
    return {
        change.key: Client(change.key, change.gateway)
        for change, status, _ in outcomes
        if status is Status.DONE and (change.kind, change.action) == (Kind.DEVICE, Action.CREATE)
    }


def devices_to_await(
    outcomes: Sequence[Outcome], earlier: Sequence[DeviceKey], desired: DesiredFleet
) -> list[Client]:
    """Give the devices that this run registered, or was the first to find registered.

    ``earlier`` are those of runs that were cut off; what no manifest declares is nobody's to await.
    """
    found = new_devices(outcomes)
    for key in earlier:
        template = desired.types.get(key.type_id)
        if template is not None and key.device_id in desired.devices.get(key.type_id, {}):
            gateway = template.class_id != "Device"  # also if nobody says: both names are asked for
            found.setdefault(key, Client(key, gateway))
    return list(found.values())


def with_online(
    report: Report, clients: Sequence[Client], reader: Reader, seconds: float, settings: Settings
) -> Report:
    """Add to a report which of the new devices have come up; a run that was stopped waits no more.

    A signal may stop a run that has nothing left to do: it is no error then, but heard.
    """
    if not clients or report.stopped or report.fatal is not None:
        return report
    if isinstance(settings.org, EmbeddedOrg):
        names = tuple(str(client.key) for client in clients)
        return report._replace(online=Online((), names, (), 0.0, _EMBEDDED))
    notice(_beginning(report, len(clients), seconds))
    began, before, stop = time.monotonic(), reader.requests, Stop()
    registry = Registry(reader.heard_by(_until(stop)))
    watch = _Watch(report.plan.org, _since(report, clients), registry, clients)
    until = Until(len(clients), seconds, lambda: watch.hopeless, stop)
    keys = [client.key for client in clients]
    try:
        await_connected(keys, watch.look, until, label="came up")
    except KeyboardInterrupt:  # nothing is written meanwhile, so that it may end anywhere
        stop.set()
    online = _online(keys, watch, time.monotonic() - began)
    calls = report.calls + reader.requests - before
    return _interrupted(report._replace(online=online, calls=calls), stop)


def _until(stop: Stop) -> Callable[[str], None]:
    """Tell of retries; a request that an interrupted look has left in its thread ends there."""

    def tell(message: str) -> None:
        if stop.is_set():
            raise InterruptedRunError(_INTERRUPTED)
        notice(message)

    return tell


def _beginning(report: Report, awaited: int, seconds: float) -> str:
    """Tell what those who watch will else read in the report, when the waiting is over."""
    undone = len(report.outcomes) - report.changed - report.counts.get(Status.ALREADY, 0)
    done = f"{counted(report.changed, 'change', 'changes')} carried out"
    return (
        f"{done}{f', {undone:,} not' if undone else ''}; waiting up to {duration(seconds)} for"
        f" {counted_kind(awaited, Kind.DEVICE)} to connect, with the tokens in"
        f" {report.secrets_file}; Ctrl-C ends the waiting"
    )


class _Watch:
    """Looks for new devices, and remembers who came, and of whom nobody knows, and why.

    ``hopeless``: the org will not tell, however often it is asked.
    """

    def __init__(
        self, org: str, since: str | None, registry: Registry, clients: Sequence[Client]
    ) -> None:
        self._org, self._since, self._registry = org, since, registry
        self._gateways = {client.key for client in clients if client.gateway}
        self.came: set[DeviceKey] = set()
        self.unknown = {client.key for client in clients}
        self.reason = _UNSEEN
        self.hopeless = False
        self._told = ""
        self._off: dict[DeviceKey, PresenceState] = {}

    def look(self, keys: Sequence[DeviceKey]) -> list[DeviceKey]:
        """Say which of the devices are connected now."""
        clients = [Client(key, key in self._gateways) for key in keys]
        try:
            found = self._registry.presences(self._org, clients, since=self._since)
        except (ApiError, UnreachableError, CredentialsError) as error:
            self.unknown, self.reason = set(keys), str(error)
            self.hopeless = isinstance(error, CredentialsError) or (
                isinstance(error, ApiError) and error.status in (403, 404)
            )
            self._warn()
            return []
        states = {key: presence.state for key, presence in found.items()}
        up = [key for key in keys if self._has_come(key, states[key])]
        untold = {key for key in keys if states[key] is PresenceState.UNKNOWN}
        stale = {key for key in keys if states[key] is PresenceState.CONNECTED}.difference(up)
        self.unknown = untold | stale
        self.reason = _UNTOLD if untold else _STALE if stale else ""
        for key in up:
            self.came.add(key)
            tell_event("online", {"typeId": key.type_id, "deviceId": key.device_id})
        return up

    def _has_come(self, key: DeviceKey, state: PresenceState) -> bool:
        """Tell whether a device has connected since it was registered.

        A session that nobody saw begin may be of a deleted device of the same name: the connection
        log, which goes with its device, tells. Who was never seen, and then is known to be off, has
        come and gone again.
        """
        if state is PresenceState.CONNECTED:
            return key in self._off or self._is_logged(key)
        if state is PresenceState.UNKNOWN:
            return False
        was_never_seen = self._off.setdefault(key, state) is PresenceState.NEVER
        return was_never_seen and state is PresenceState.DISCONNECTED

    def _is_logged(self, key: DeviceKey) -> bool:
        try:
            return self._registry.has_connected(key)
        except (ApiError, CredentialsError):
            return False

    def _warn(self) -> None:
        """Tell of trouble once, as long as it stays the same."""
        if not self.hopeless and self.reason != self._told:
            self._told = self.reason
            warn(f"nobody could see who has come up: {self.reason}; looking again")


def _since(report: Report, clients: Sequence[Client]) -> str | None:
    """Give a time before which none of them can have connected, whoever's clock is wrong.

    Of devices of an earlier run, nobody knows one.
    """
    if len(clients) > len(new_devices(report.outcomes)):
        return None
    try:
        moment = datetime.fromisoformat(report.plan.created_at) - _SKEW
    except (ValueError, OverflowError):
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _online(keys: Sequence[DeviceKey], watch: _Watch, seconds: float) -> Online:
    def names(fits: Callable[[DeviceKey], bool]) -> tuple[str, ...]:
        return tuple(str(key) for key in keys if fits(key))

    came, unknown = watch.came, watch.unknown - watch.came
    return Online(
        up=names(lambda key: key in came),
        away=names(lambda key: key not in came and key not in unknown),
        unknown=names(lambda key: key in unknown),
        seconds=seconds,
        reason=watch.reason if unknown else "",
    )


def _interrupted(report: Report, stop: Stop) -> Report:
    if not stop.is_set() or report.fatal is not None:
        return report
    return report._replace(fatal=InterruptedRunError(_INTERRUPTED))
