"""Say what became of a change."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from fleetsync.diff.change import Change


class Status(StrEnum):
    """The four ends of a change."""

    DONE = "done"
    ALREADY = "already"
    FAILED = "failed"
    NOT_TRIED = "notTried"


class Outcome(NamedTuple):
    """A change and its end; ``reason`` says why it was not done, or what is left to know."""

    change: Change
    status: Status
    reason: str = ""


def done(change: Change, reason: str = "") -> Outcome:
    """Report a change as carried out."""
    return Outcome(change, Status.DONE, reason)


def failed(change: Change, reason: str) -> Outcome:
    """Report a change as failed."""
    return Outcome(change, Status.FAILED, reason)


def not_tried(change: Change, reason: str) -> Outcome:
    """Report a change that nobody asked the org for."""
    return Outcome(change, Status.NOT_TRIED, reason)
