"""Give each change its end, whatever befalls it, and know when the run is over."""

from __future__ import annotations

from collections.abc import Callable

from fleetsync.apply.hands import Hands
from fleetsync.apply.outcome import Outcome, failed, not_tried
from fleetsync.diff.change import Change
from fleetsync.errors import (
    CredentialsError,
    FleetsyncError,
    InterruptedRunError,
    JournalError,
    LockLostError,
    SecretsError,
    UnreachableError,
)

_ENDS_ALL = (
    CredentialsError,
    UnreachableError,
    SecretsError,
    JournalError,
    LockLostError,
    InterruptedRunError,
)
"""Errors after which no further request can succeed."""


def attempt(act: Callable[[Change, Hands], Outcome], change: Change, hands: Hands) -> Outcome:
    """Carry out one change; an error becomes its outcome, and may end the run."""
    if is_over(hands):
        return not_begun(change, hands)
    try:
        return act(change, hands)
    except FleetsyncError as error:
        note_error(error, hands)
        return failed(change, str(error))


def is_over(hands: Hands) -> bool:
    """Tell whether no request may be begun: a signal came, or an error has ended the run."""
    if hands.fatal is None and hands.stop.is_set():
        hands.fatal = InterruptedRunError(
            "interrupted: what was begun was finished, the rest was not tried; run again to go on"
        )
    return hands.fatal is not None


def note_error(error: FleetsyncError, hands: Hands) -> None:
    """Remember an error if it ends the run; the first one is told."""
    if isinstance(error, _ENDS_ALL) and hands.fatal is None:
        hands.fatal = error


def not_begun(change: Change, hands: Hands) -> Outcome:
    """Report a change that the end of the run came before."""
    if isinstance(hands.fatal, InterruptedRunError):
        return not_tried(change, "interrupted before it was begun")
    return not_tried(change, "the run ended before it was begun")
