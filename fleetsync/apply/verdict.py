"""Hold what the org has after a write against what was asked."""

from __future__ import annotations

from collections.abc import Sequence

from fleetsync.apply.outcome import Outcome, done, failed
from fleetsync.diff.change import Change, Field
from fleetsync.escape import shown, shown_pair
from fleetsync.model.path import covers, parse_path

_NAMED = 5
"""How many fields a reason names before it only counts."""


def still_differing(change: Change, fields: Sequence[Field]) -> tuple[Field, ...]:
    """Pick the differences that this change was to remove; others came from somebody else."""
    asked = [parse_path(field.path) for field in change.fields]
    return tuple(
        field for field in fields if any(_related(path, parse_path(field.path)) for path in asked)
    )


def verdict(change: Change, left: Sequence[Field]) -> Outcome:
    """Report a change as done, or as failed with the name of each field that was not honoured."""
    if not left:
        return done(change)
    words = "; ".join(map(_still, left[:_NAMED]))
    more = f" and {len(left) - _NAMED} more fields" if len(left) > _NAMED else ""
    return failed(change, f"the platform did not honour: {words}{more}")


def _still(field: Field) -> str:
    live, wanted = shown_pair(field.before, field.after)
    return f"{shown(field.path)} is {live}, not {wanted}"


def _related(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return covers(one, other) or covers(other, one)
