"""Carry out a rotation wave by wave, and stop where devices do not come back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from math import ceil
from typing import NamedTuple

from fleetsync.api.transport import Transport
from fleetsync.apply.again import Fate, Renewal
from fleetsync.apply.attempt import is_over
from fleetsync.apply.hands import Hands
from fleetsync.apply.renew import Renewer
from fleetsync.cli.carry_out import make_hands, tidy_up
from fleetsync.cli.events import tell_event
from fleetsync.cli.fleet import Fleet
from fleetsync.cli.progress import Progress, notice, warn
from fleetsync.cli.rotation_watch import await_devices
from fleetsync.cli.session import utc_now
from fleetsync.cli.signals import stop_on_signals
from fleetsync.diff.change import Inheritance
from fleetsync.errors import FleetsyncError, InterruptedRunError, SecretsError
from fleetsync.journal.entry import DONE, ROTATE, Aim, End, Head
from fleetsync.journal.folder import open_journal
from fleetsync.model import DeviceKey, Kind
from fleetsync.plan.rotation import Pick, Rotation
from fleetsync.report.rotation import RotationReport, Wave, wave_line, wave_words
from fleetsync.report.rotation_json import renewal_facts, wave_document
from fleetsync.report.words import counted_kind, duration
from fleetsync.tokens.file import TokenFile

_PAUSES = (1, 2, 4, 8, 15, 15, 15)
"""Seconds between tries to register what is deleted: about a minute, as every request has."""


class Patience(NamedTuple):
    """When the next wave may begin: ``enough`` per cent are back within ``seconds``.

    ``waves`` is how many may be begun at all, None for all. ``budget`` is how many seconds a
    request may take.
    """

    enough: float = 90
    seconds: float = 600
    waves: int | None = None
    budget: float = 60


class RotationTask(NamedTuple):
    """What is to be carried out, under which run, and how patiently."""

    rotation: Rotation
    run: str
    inherited: dict[str, Inheritance]
    patience: Patience


def rotate_waves(task: RotationTask, fleet: Fleet, transport: Transport) -> RotationReport:
    """Give the devices new tokens, and say what became of each."""
    made = task.rotation
    settings = fleet.settings
    with (
        TokenFile.open(settings.secrets.file, org=made.plan.org) as tokens,
        stop_on_signals() as stop,
    ):
        for damage in tokens.damage:
            warn(damage)
        tokens.check_room(2 * sum(map(len, made.waves)))
        head = _head(task, fleet)
        with open_journal(settings.folder, head, now=utc_now) as journal:
            hands = make_hands(head, fleet, transport, tokens, journal)
            hands.stop = stop
            work = _Work(task, hands, transport.requests, lambda: transport.requests)
            try:
                journal.aim(_aim(made))
            except FleetsyncError as error:
                hands.fatal = error
            tell_event("run", _facts(task, settings.fleet))
            work.do()
            hands.fatal = tidy_up(hands, settings.folder) or hands.fatal or journal.fault
            report = work.report(str(settings.secrets.file))
            if not isinstance(report.fatal, SecretsError):  # else the next run looks at it all
                counts = {fate.value: count for fate, count in report.counts.items()}
                journal.finish(End(_ended(report), counts))
    return report


def _head(task: RotationTask, fleet: Fleet) -> Head:
    plan = task.rotation.plan
    return Head(
        run=task.run,
        command=ROTATE,
        fleet=plan.fleet,
        org=plan.org,
        plan=plan.digest,
        tokens=fleet.settings.secrets.tokens,
        counts={"device rotate": sum(map(len, task.rotation.waves))},
        undoes=task.rotation.takes_back,
    )


def _aim(made: Rotation) -> Aim:
    names = tuple(pick.change.key for pick in made.picks)
    return Aim(names, tuple(pick.change.key for pick in made.picks if pick.connected))


def _facts(task: RotationTask, fleet: str) -> dict[str, object]:
    made = task.rotation
    return {
        "run": task.run,
        "command": ROTATE,
        "fleet": fleet,
        "org": made.plan.org,
        "undoes": made.takes_back,
        "changes": sum(map(len, made.waves)),
        "records": 0,
        "callsPerSecond": made.plan.calls_per_second,
        "stages": [],
    }


def _ended(report: RotationReport) -> str:
    if isinstance(report.fatal, InterruptedRunError):
        return "interrupted"
    if report.fatal is None and not report.incomplete:
        return DONE
    return "partly" if report.counts[Fate.RENEWED] else "failed"


@dataclass(slots=True)
class _Work:
    """The waves of one run, as far as they have come."""

    task: RotationTask
    hands: Hands
    calls_before: int
    calls: Callable[[], int]
    waves: list[Wave] = field(default_factory=list)
    stopped: str = ""

    def do(self) -> None:
        """Go from wave to wave, as long as enough devices come back."""
        waves = self.task.rotation.waves
        for number, wave in enumerate(islice(waves, self.task.patience.waves), 1):
            if self.stopped or is_over(self.hands):
                return
            notice(f"wave {number} of {len(waves)}: {wave_words(wave)}")
            tell_event("wave", {"wave": number, "waves": len(waves), "devices": len(wave)})
            self.waves.append(self._judged(self._renewed(number, wave), wave))
            tell_event("waveEnd", wave_document(number, self.waves[-1]))
            notice(wave_line(number, self.waves[-1]))

    def _renewed(self, number: int, wave: tuple[Pick, ...]) -> Wave:
        pauses = [pause for pause in _PAUSES if pause <= self.task.patience.budget]
        renewer = Renewer(self.hands, self.task.inherited, pauses)
        ends: list[Renewal] = []
        with Progress(f"wave {number}") as progress:
            for end in renewer.renew([pick.change for pick in wave]):
                ends.append(end)
                tell_event("renewal", renewal_facts(number, end))
                progress.update(len(ends), len(wave))
        renewed = {end.change.key for end in ends if end.fate is Fate.RENEWED}
        expected = (pick.change.key for pick in wave if pick.connected)
        return Wave(tuple(ends), tuple(key for key in expected if key in renewed))

    def _judged(self, wave: Wave, picks: tuple[Pick, ...]) -> Wave:
        """Tidy up the secrets file for whoever reads it now, and wait for the devices."""
        try:
            self.hands.tokens.settle()
        except SecretsError as error:
            self.hands.fatal = self.hands.fatal or error
        gateways = frozenset(pick.change.key for pick in picks if pick.change.gateway)
        back = self._awaited(wave, gateways) if wave.expected else frozenset()
        wave = wave._replace(back=back)
        self.stopped = self._reason(wave)
        return wave

    def _awaited(self, wave: Wave, gateways: frozenset[DeviceKey]) -> frozenset[DeviceKey]:
        patience = self.task.patience
        if patience.enough <= 0 or is_over(self.hands):
            return frozenset()
        count = counted_kind(len(wave.expected), Kind.DEVICE)
        notice(f"waiting up to {duration(patience.seconds)} for {count} to connect again")
        return await_devices(
            wave.expected,
            gateways,
            self.hands,
            enough=self._enough(wave),
            seconds=patience.seconds,
        )

    def _enough(self, wave: Wave) -> int:
        return ceil(len(wave.expected) * self.task.patience.enough / 100)

    def _reason(self, wave: Wave) -> str:
        """Say why no other wave may begin; empty if one may."""
        lost = [end for end in wave.ends if end.fate not in (Fate.RENEWED, Fate.KEPT)]
        if lost:
            return f"{counted_kind(len(lost), Kind.DEVICE)} could not be registered again"
        if not isinstance(self.hands.fatal, InterruptedRunError) and self.hands.fatal:
            return ""  # it is told as what it is
        if wave.ends and not wave.with_fate(Fate.RENEWED) and not self.hands.stop.is_set():
            return "no device of this wave got another token"
        enough, came = self._enough(wave), len(wave.back)
        if came >= enough or self.hands.stop.is_set():
            return ""
        return (
            f"{came} of {len(wave.expected)} devices that were connected before came back,"
            f" {enough} would be enough"
        )

    def report(self, secrets_file: str) -> RotationReport:
        """Say what became of it all."""
        most = self.task.patience.waves
        return RotationReport(
            rotation=self.task.rotation,
            run=self.task.run,
            waves=tuple(self.waves),
            stopped=self.stopped,
            fatal=self.hands.fatal,
            calls=self.calls() - self.calls_before,
            secrets_file=secrets_file,
            chosen=most is not None and len(self.waves) >= most,
        )
