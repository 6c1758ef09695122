"""Write a rotation and what became of it as Markdown, never longer than it may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from fleetsync.model import Kind
from fleetsync.plan.rotation import Rotation
from fleetsync.report.markdown.safe import code, marker, short
from fleetsync.report.rotation import (
    RotationReport,
    calls_words,
    device_lines,
    missing_devices,
    report_sentence,
    rotation_headline,
    stay_lines,
    wave_line,
    wave_words,
)
from fleetsync.report.words import counted_kind

MARKER = "fleetsync-rotation:"
"""How the hidden line begins, so that a later run finds the comment to update."""
_CHARACTERS = 400
_STEPS = (1000, 100, 20, 5, 1, 0)
"""So many lines of a list are shown, until the whole fits."""


def rotation_markdown(rotation: Rotation, *, whole: str, max_bytes: int) -> str:
    """Write the plan of a rotation; ``whole`` is the command that shows all of it."""
    return _fitted(lambda most: _plan(rotation, whole, most), max_bytes)


def rotation_report_markdown(
    report: RotationReport, *, go_on: str, back: str, whole: str, max_bytes: int
) -> str:
    """Write what became of a rotation; ``go_on`` and ``back`` are commands."""
    return _fitted(lambda most: _report(report, (go_on, back, whole), most), max_bytes)


def _fitted(write: Callable[[int], Iterator[str]], max_bytes: int) -> str:
    text = ""
    for most in _STEPS:
        text = "\n".join(write(most)) + "\n"
        if len(text.encode()) <= max_bytes:
            break
    return text


def _plan(rotation: Rotation, whole: str, most: int) -> Iterator[str]:
    plan = rotation.plan
    yield marker(MARKER, plan.fleet, plan.digest)
    yield f"## {code(short(rotation_headline(rotation), _CHARACTERS))}"
    yield from ("", calls_words(rotation), "")
    refused = [refusal.message for refusal in plan.refusals]
    yield from _listed("Refused", refused, whole, max(1, most))
    yield from _listed("Warnings", plan.warnings, whole, most)
    waves = [
        f"wave {number}: {wave_words(wave)}: {'; '.join(device_lines(wave, full=most > 100))}"
        for number, wave in enumerate(rotation.waves, 1)
    ]
    yield from _listed("Waves", waves, whole, most)
    yield from _listed("Left as they are", list(stay_lines(rotation, full=False)), whole, most)


def _report(report: RotationReport, commands: tuple[str, str, str], most: int) -> Iterator[str]:
    plan = report.rotation.plan
    go_on, back, whole = commands
    yield marker(MARKER, plan.fleet, plan.digest)
    yield f"## {code(short(report_sentence(report), _CHARACTERS))}"
    yield ""
    if report.stopped:
        yield from (f"**Stopped**: {code(short(report.stopped, _CHARACTERS))}", "")
    if report.fatal is not None:
        yield from (f"**Error**: {code(short(str(report.fatal), _CHARACTERS))}", "")
    waves = [wave_line(number, wave) for number, wave in enumerate(report.waves, 1)]
    yield from _listed("Waves", waves, whole, most)
    ends = [
        f"{end.change.name}: {end.fate.value}: {end.reason}"
        for wave in report.waves
        for end in wave.ends
        if end.reason
    ]
    yield from _listed("Failed", ends, whole, most)
    yield from _listed("Not connected again", missing_devices(report), whole, most)
    if report.to_come:
        yield from (f"To come: {counted_kind(report.to_come, Kind.DEVICE)}.", "")
    if report.incomplete or report.to_come:
        yield f"To go on: {code(go_on)}  "
    if report.waves:
        yield f"To go back to the old tokens: {code(back)}"


def _listed(title: str, lines: Sequence[str], whole: str, most: int) -> Iterator[str]:
    if not lines:
        return
    yield from (f"### {title}", "")
    yield from (f"- {code(short(line, _CHARACTERS))}" for line in lines[:most])
    if len(lines) > most:
        yield f"- and {len(lines) - most:,} more: {code(whole)}"
    yield ""
