"""Hold what the org has after a write against what was asked."""

from __future__ import annotations

from collections.abc import Sequence

from fleetsync.apply.outcome import Outcome, done, failed
from fleetsync.diff.change import Change, Field
from fleetsync.escape import shown, shown_value
from fleetsync.model import JSON
from fleetsync.model.mark import Mark, kept_fingerprint, parse_mark
from fleetsync.model.path import covers, parse_path


def still_differing(change: Change, fields: Sequence[Field]) -> tuple[Field, ...]:
    """Pick the differences that this change was to remove; others came from somebody else."""
    asked = [parse_path(field.path) for field in change.fields]
    return tuple(
        field for field in fields if any(_related(path, parse_path(field.path)) for path in asked)
    )


def remember(change: Change, mark: JSON, left: Sequence[Field]) -> Mark:
    """Note in the mark what the platform did not honour, so that no later plan repeats it."""
    old = parse_mark(change.name, mark)
    refused = {kept_fingerprint(f.path, before=f.before, after=f.after) for f in left}
    return old._replace(kept=old.kept | refused)


def verdict(change: Change, left: Sequence[Field]) -> Outcome:
    """Report a change as done, or as failed with the name of each field that was not honoured."""
    if not left:
        return done(change)
    words = "; ".join(
        f"{shown(field.path)} is {shown_value(field.before)}, not {shown_value(field.after)}"
        for field in left[:5]
    )
    more = f" and {len(left) - 5} more fields" if len(left) > 5 else ""
    return failed(change, f"the platform did not honour: {words}{more}")


def _related(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return covers(one, other) or covers(other, one)
