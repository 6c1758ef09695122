"""Keep the anchors of a YAML document, and bound what its aliases can blow up to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from fleetsync.manifest.credential import is_credential_name
from fleetsync.manifest.notes import Notes, TooMuchError
from fleetsync.manifest.words import quote

if TYPE_CHECKING:
    from fleetsync.manifest.events import Event
    from fleetsync.model import JSON

ALIAS_FLOOR = 1_000_000
"""Values that aliases may repeat in any document."""

ALIAS_FACTOR = 100
"""Values that aliases may repeat besides, for each value that is written out."""

_OPEN: Final = -1


class _Anchored(NamedTuple):
    value: JSON
    size: int  # values inside, aliases written out; _OPEN while the value is being read
    line: int


class Anchors:
    """The anchors of one document."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._named: dict[str, _Anchored] = {}
        self._repeated = 0

    def open(self, event: Event) -> None:
        """Begin the value of an anchor: until it ends, aliases to it are refused."""
        known = self._named.get(event.anchor)
        line = event.start_mark.line + 1
        if known is not None:
            self._notes.complain(
                event,
                f"the anchor {quote('&' + event.anchor)} is taken since line {known.line}:"
                " give this one another name",
            )
        self._named[event.anchor] = _Anchored(None, _OPEN, line)

    def close(self, event: Event, value: JSON, size: int) -> None:
        """End the value of an anchor, which holds ``size`` values."""
        self._named[event.anchor] = _Anchored(value, size, event.start_mark.line + 1)

    def follow(self, event: Event, key: str, written: int) -> tuple[JSON, int]:
        """Give the value an alias stands for, and its size; a bad alias stands for null.

        ``written`` is the number of values that the document has written out so far.
        """
        known = self._named.get(event.anchor)
        if known is None or known.size == _OPEN:
            self._refuse(event, key, known)
            return None, 1
        self._repeated += known.size
        if self._repeated > ALIAS_FLOOR + ALIAS_FACTOR * written:
            self._notes.complain(
                event,
                f"the aliases of this document repeat more than {ALIAS_FLOOR:,} values:"
                " the rest of the file is not read; write the values out",
            )
            raise TooMuchError
        return known.value, known.size

    def _refuse(self, event: Event, key: str, known: _Anchored | None) -> None:
        # A forgotten quote turns a token that begins with * into an alias.
        name = "an alias" if is_credential_name(key) else f"the alias {quote('*' + event.anchor)}"
        if known is None:
            how = "names no anchor above it: quote the text, or set the anchor first"
        else:
            how = f"stands inside its own anchor of line {known.line}: write the value out"
        self._notes.complain(event, f"{name} {how}")
