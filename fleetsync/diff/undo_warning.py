"""Say what an undo does not bring back, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum

_NAMED = 10
"""So many are named before the others are only counted."""


class Left(StrEnum):
    """Why a type, a device or a field stays as it is."""

    NOT_OURS = "not deleted, as its mark does not tell that this run registered it"
    HOLDS_OTHERS = "not deleted, as the type holds devices by now that this run did not register"
    UNSURE = "not deleted, as nobody knows whether this run created the type"
    CHANGED = "left as it is, as somebody has changed it since"
    GONE = "not changed back, as it is not there any more"
    EXISTS = "not brought back, as it exists by now with other values or registered anew"
    TYPE_GONE = "not brought back, as its device type is gone, which this run did not delete"
    PLACED = "the location stays, as there was none before, and the platform cannot unset one"
    UNLOCATED = "the location does not come back, as it could not be recorded"
    UNRECORDED = "not brought back, as what it was before was not recorded"


class Lost(StrEnum):
    """What never comes back, of whatever is registered or changed back."""

    HISTORY = (
        "devices that are registered again come back without the date and author of their"
        " registration, diagnostic logs, error codes, connection log, management data and last"
        " events"
    )
    TIES = "devices that hung on a gateway come back without that tie"
    TYPES = (
        "device types that are created again come back without interfaces and edge configuration"
    )
    KEYS = (
        "keys that this run added to metadata stay where the platform merges metadata; if so, that"
        " is reported"
    )


AGAIN = (
    "the manifests may still say what is taken back here; then the next apply does it again:"
    " revert the commit as well"
)


def undo_warnings(
    left: Mapping[Left, Sequence[str]], lost: Collection[Lost], *, something: bool, redo: bool
) -> Iterator[str]:
    """Give one sentence for each reason; ``something`` is to be done, ``redo`` undoes an undo."""
    for why in Left:
        if names := left.get(why):
            yield f"{why.value}: {some(names)}"
    yield from (each.value for each in Lost if each in lost)
    if something and not redo:
        yield AGAIN


def some(names: Sequence[str]) -> str:
    """Name the first few, and count the others."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
