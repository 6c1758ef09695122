"""Show a rotation to a person: which devices get new tokens, in which waves, and what became."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fleetsync.apply.again import Fate, Renewal
from fleetsync.errors import FleetsyncError
from fleetsync.escape import shown
from fleetsync.model import DeviceKey, Kind
from fleetsync.plan.rotation import Pick, Rotation
from fleetsync.report.ids import fold_ids
from fleetsync.report.policies import policy_lines
from fleetsync.report.text import refusal_line
from fleetsync.report.words import counted, counted_kind, duration, listed

LOST = (
    "devices are deleted and registered again, since the platform cannot change a token: date and"
    " author of the registration, diagnostic logs, error codes, connection log, management data and"
    " last events are lost; deviceInfo, metadata, location and alert are kept"
)
_FOLD = 20


class Wave(NamedTuple):
    """What became of one wave: ``expected`` were connected before, ``back`` are so again."""

    ends: tuple[Renewal, ...]
    expected: tuple[DeviceKey, ...] = ()
    back: frozenset[DeviceKey] = frozenset()

    def with_fate(self, fate: Fate) -> list[Renewal]:
        """Give the devices that met this fate."""
        return [end for end in self.ends if end.fate is fate]


class RotationReport(NamedTuple):
    """What became of a rotation; ``stopped`` says why the next wave did not begin.

    ``run`` is its id. ``chosen`` tells that the waves which did not begin were not asked for.
    """

    rotation: Rotation
    run: str
    waves: tuple[Wave, ...]
    stopped: str
    fatal: FleetsyncError | None
    calls: int
    secrets_file: str
    chosen: bool = False

    @property
    def to_come(self) -> int:
        """How many devices are in waves that did not begin."""
        return sum(map(len, self.rotation.waves[len(self.waves) :]))

    @property
    def counts(self) -> Counter[Fate]:
        """Count the devices by what became of them."""
        return Counter(end.fate for wave in self.waves for end in wave.ends)

    @property
    def incomplete(self) -> bool:
        """Tell whether anything is left that was asked for."""
        bad = self.counts.keys() - {Fate.RENEWED}
        named = any(stay.named for stay in self.rotation.stays)
        return bool(bad or named or self.stopped or (self.to_come and not self.chosen))


def rotation_text(rotation: Rotation, *, full: bool = False, next_step: str = "") -> Iterator[str]:
    """Write the plan of a rotation as text."""
    return (f"{line}\n" for line in _plan_lines(rotation, full=full, next_step=next_step))


def rotation_headline(rotation: Rotation) -> str:
    """Say how many devices of which fleet get which tokens, as plain text."""
    plan = rotation.plan
    count = counted_kind(sum(map(len, rotation.waves)), Kind.DEVICE)
    waves = counted(len(rotation.waves), "wave", "waves")
    target = f"{plan.fleet} in org {plan.org}"
    if not rotation.waves:
        return f"Rotation for {target}: no device gets a new token"
    if rotation.takes_back is not None:
        old = f"the tokens from before run {rotation.takes_back}"
        return f"Rotation back for {target}: {count} get {old}, in {waves}"
    return f"Rotation for {target}: {count} get new tokens, in {waves}"


def _plan_lines(rotation: Rotation, *, full: bool, next_step: str) -> Iterator[str]:
    yield f"{shown(rotation_headline(rotation))}."
    yield ""
    for number, wave in enumerate(rotation.waves, 1):
        yield f"Wave {number}: {wave_words(wave)}"
        yield from (f"  {line}" for line in device_lines(wave, full=full))
        yield ""
    yield from stay_lines(rotation, full=full)
    yield from policy_lines(rotation.plan.policies, full=full)
    yield from (f"Warning: {shown(warning)}." for warning in rotation.plan.warnings)
    yield calls_words(rotation)
    yield from map(refusal_line, rotation.plan.refusals)
    if next_step:
        yield next_step


def wave_words(wave: Sequence[Pick]) -> str:
    """Say how many devices a wave has, and how many of them are connected."""
    count = counted_kind(len(wave), Kind.DEVICE)
    if any(pick.connected is None for pick in wave):
        return count
    return f"{count}, {sum(bool(pick.connected) for pick in wave):,} connected"


def device_lines(wave: Sequence[Pick], *, full: bool) -> list[str]:
    """Name the devices of a wave, by type, as ranges where they can be."""
    by_type: dict[str, list[str]] = {}
    for pick in wave:
        by_type.setdefault(pick.change.type_id, []).append(pick.change.key.device_id)
    lines = []
    for type_id, ids in by_type.items():
        patterns = fold_ids(ids)
        limit = len(patterns) if full else _FOLD
        more = f" and {len(patterns) - limit:,} more" if limit < len(patterns) else ""
        lines.append(f"{shown(type_id)}: {', '.join(map(shown, patterns[:limit]))}{more}")
    return lines


def stay_lines(rotation: Rotation, *, full: bool) -> Iterator[str]:
    """Name what was asked for and stays as it is, by reason."""
    reasons: dict[str, list[str]] = {}
    for stay in rotation.stays:
        reasons.setdefault(stay.reason, []).append(str(stay.key))
    for reason, names in reasons.items():
        limit = len(names) if full else _FOLD
        more = f" and {len(names) - limit:,} more" if limit < len(names) else ""
        yield f"Left as they are: {shown(', '.join(names[:limit]))}{more}: {shown(reason)}."


def calls_words(rotation: Rotation) -> str:
    """Say what it costs."""
    plan = rotation.plan
    cost = plan.cost
    return (
        f"API calls: {cost.read:,} to read, {cost.look:,} to look at each device before and after,"
        f" {cost.write:,} to write; {duration(cost.seconds(plan.calls_per_second))} at"
        f" {plan.calls_per_second} calls a second, and the waiting for devices to connect."
    )


def rotation_report_text(
    report: RotationReport, *, go_on: str, back: str, full: bool = False
) -> Iterator[str]:
    """Write what became of a rotation as text; ``go_on`` and ``back`` are commands."""
    return (f"{line}\n" for line in _report_lines(report, go_on, back, full=full))


def report_sentence(report: RotationReport) -> str:
    """Say in a sentence what was done, as plain text."""
    plan, counts = report.rotation.plan, report.counts
    parts = [
        f"{counted_kind(counts[fate], Kind.DEVICE)} {words}"
        for fate, words in FATES.items()
        if counts[fate]
    ]
    done = listed(parts) or "nothing changed"
    return f"Rotation of {plan.fleet} in org {plan.org}, run {report.run}: {done}"


FATES = {
    Fate.RENEWED: "with new tokens",
    Fate.KEPT: "as before",
    Fate.UNREGISTERED: "deleted and not registered again",
    Fate.TOKENLESS: "registered with a token that nobody knows",
    Fate.THEIRS: "registered by somebody else meanwhile",
}


def wave_line(number: int, wave: Wave) -> str:
    """Say what became of a wave."""
    renewed = counted_kind(len(wave.with_fate(Fate.RENEWED)), Kind.DEVICE)
    if not wave.expected:
        return f"Wave {number}: {renewed} registered again; none of them was connected before"
    return (
        f"Wave {number}: {renewed} registered again; {len(wave.back):,} of"
        f" {len(wave.expected):,} that were connected before are so again"
    )


def missing_devices(report: RotationReport) -> list[str]:
    """Name the devices that were connected before and did not come back."""
    return [str(key) for wave in report.waves for key in wave.expected if key not in wave.back]


def _report_lines(report: RotationReport, go_on: str, back: str, *, full: bool) -> Iterator[str]:
    yield f"{shown(report_sentence(report))}."
    for number, wave in enumerate(report.waves, 1):
        yield f"{wave_line(number, wave)}."
    for fate in (Fate.UNREGISTERED, Fate.TOKENLESS, Fate.THEIRS, Fate.KEPT):
        yield from _section(report, fate, full=full)
    yield from (f"  ! {shown(each)}" for each in _noted(report))
    missing = missing_devices(report)
    if missing:
        limit = len(missing) if full else _FOLD
        more = f" and {len(missing) - limit:,} more" if limit < len(missing) else ""
        yield f"Not connected again: {shown(', '.join(missing[:limit]))}{more}."
    if report.stopped:
        yield f"Stopped: {shown(report.stopped)}."
    if report.to_come:
        yield f"To come: {counted_kind(report.to_come, Kind.DEVICE)}, whose tokens are as before."
    yield f"Tokens: {shown(report.secrets_file)}; the old ones are kept there as retired ones."
    yield f"API calls: {report.calls:,}."
    if report.incomplete or report.to_come:
        yield f"To go on: {go_on}"
    if report.counts[Fate.RENEWED]:
        yield f"To go back to the old tokens: {back}"


def _noted(report: RotationReport) -> Iterator[str]:
    for wave in report.waves:
        for end in wave.with_fate(Fate.RENEWED):
            if end.reason:
                yield f"{end.change.name}: {end.reason}"


def _section(report: RotationReport, fate: Fate, *, full: bool) -> Iterator[str]:
    ends = [end for wave in report.waves for end in wave.with_fate(fate)]
    if not ends:
        return
    yield f"{counted_kind(len(ends), Kind.DEVICE)} {FATES[fate]}:"
    limit = len(ends) if full else _FOLD
    yield from (f"  ! {end.change.name}: {shown(end.reason)}" for end in ends[:limit])
    if limit < len(ends):
        yield f"  ! ... and {len(ends) - limit:,} more"
