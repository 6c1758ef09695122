"""Write many ids as few: as ranges such as ``room-{001..250}``, the syntax of device sets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import prod

from fleetsync.escape import shown_value

_PLAIN = re.compile(r"[A-Za-z0-9._-]+")
_RUNS = re.compile(r"\{[^}]*\}|[0-9]+")
_RANGE = re.compile(r"\{([0-9]+)\.\.([0-9]+)(?:\.\.([0-9]+))?\}")
_DIGITS = "0123456789"
_PLACES = 4
"""So many numbers in an id, from its end, are tried for ranges."""
_SAMPLE = 2_000
"""So many ids are tried before all are."""
_WORTH = 0.9
"""Ranges of a sample that are more than this share of its ids are not worth the time."""


def fold_ids(ids: Sequence[str]) -> list[str]:
    """Write ids as patterns that stand for just these; an id like no other stands for itself.

    An id with characters that an id should not have is written as JSON text, in quotes.
    """
    if all(ids) and _PLAIN.fullmatch("".join(ids)):  # as nearly always, and quickly seen
        patterns, odd = list(ids), []
    else:
        patterns = [each for each in ids if _PLAIN.fullmatch(each)]
        odd = [shown_value(each, full=True) for each in ids if not _PLAIN.fullmatch(each)]
    for place in range(_PLACES):
        if _is_worth_it(patterns, place):
            patterns = _fold_at(patterns, place)
    return patterns + odd


def count_ids(pattern: str) -> int:
    """Say for how many ids a pattern stands that ``fold_ids`` wrote."""
    if pattern.startswith('"'):
        return 1
    ranges = (map(int, each.groups("1")) for each in _RANGE.finditer(pattern))
    return prod((last - first) // step + 1 for first, last, step in ranges)


def _is_worth_it(patterns: list[str], place: int) -> bool:
    if len(patterns) <= _SAMPLE:
        return True
    return len(_fold_at(patterns[:_SAMPLE], place)) <= _WORTH * _SAMPLE


def _fold_at(patterns: Sequence[str], place: int) -> list[str]:
    """Fold those that differ in the number at one place alone, counted from their end."""
    groups: dict[tuple[str, str, bool], list[str]] = {}
    for pattern in patterns:
        before, number, after = _parted(pattern, place)
        groups.setdefault((before, after, number == ""), []).append(number)
    return [
        f"{before}{middle}{after}"
        for (before, after, _), numbers in groups.items()
        for middle in (number_ranges(numbers) if len(numbers) > 1 else numbers)
    ]


def _parted(pattern: str, place: int) -> tuple[str, str, str]:
    """Give what stands before, in and after a number; where there is none, all is before."""
    if place == 0 and pattern[-1] in _DIGITS:  # the most usual case, made short
        before = pattern.rstrip(_DIGITS)
        return before, pattern[len(before) :], ""
    runs = list(_RUNS.finditer(pattern))
    run = runs[-1 - place] if place < len(runs) else None
    if run is None or run[0][0] == "{":
        return pattern, "", ""
    return pattern[: run.start()], run[0], pattern[run.end() :]


def number_ranges(numbers: Sequence[str]) -> list[str]:
    """Write different numbers as ranges that keep their leading zeros."""
    padded = {len(number) for number in numbers if number[0] == "0" and len(number) > 1}
    families: dict[int, list[int]] = {}
    for number in numbers:
        width = len(number) if len(number) in padded else 0
        families.setdefault(width, []).append(int(number))
    return [
        _range_text(run, width)
        for width, family in sorted(families.items())
        for run in _runs(sorted(family))
    ]


def _runs(numbers: Sequence[int]) -> Iterator[range]:
    """Cut rising numbers into runs of equal steps: three at least, or two neighbours."""
    at, count = 0, len(numbers)
    while at < count:
        end, step = at, 1
        if at + 1 < count:
            step = numbers[at + 1] - numbers[at]
            while end + 1 < count and numbers[end + 1] - numbers[end] == step:
                end += 1
        if end - at < 2 and step != 1:
            end = at
        yield range(numbers[at], numbers[end] + 1, step)
        at = end + 1


def _range_text(run: range, width: int) -> str:
    first, last = f"{run[0]:0{width}}", f"{run[-1]:0{width}}"
    if len(run) == 1:
        return first
    step = f"..{run.step}" if run.step > 1 else ""
    return f"{{{first}..{last}{step}}}"
