"""Turn scalar events into shared values, and complain about those that need quotes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fleetsync.manifest.credential import is_credential_name
from fleetsync.manifest.scalar import Doubt, plain_value
from fleetsync.manifest.words import quote

if TYPE_CHECKING:
    from fleetsync.manifest.events import Event
    from fleetsync.manifest.notes import Notes
    from fleetsync.model import JSON

MEMO_SIZE = 200_000
"""Distinct scalars that are remembered to share them, before the memory starts anew."""

STR_TAG = "tag:yaml.org,2002:str"
_CORE_TAGS = {
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
    "tag:yaml.org,2002:bool": bool,
    "tag:yaml.org,2002:null": type(None),
}
_MISSING: Final[Any] = object()  # Any: it stands in for a value of any kind


class Scalars:
    """The scalars of one file: equal ones are one object."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._plain: dict[str, JSON] = {}
        self._texts: dict[str, str] = {}

    def read(self, event: Event, key: str) -> JSON:
        """Give the value of a scalar; ``key`` is the mapping key it belongs to.

        A scalar that is a problem stands as its text, so that checking can go on.
        """
        plain, quoted = event.implicit
        if plain:
            value = self._plain.get(event.value, _MISSING)
            return self._new_plain(event, key) if value is _MISSING else value
        if quoted:
            return self._share(event.value)
        return self._tagged(event, key)

    def is_sure(self, text: str) -> bool:
        """Tell whether a plain scalar of this text was read and found to be no problem."""
        return text in self._plain

    def _new_plain(self, event: Event, key: str) -> JSON:
        value = plain_value(event.value)
        if isinstance(value, Doubt):
            self._doubt(event, key, value.words)
            return value.text
        if len(self._plain) > MEMO_SIZE:
            self._plain.clear()
        if isinstance(value, str):
            value = self._share(value)
        self._plain[event.value] = value
        return value

    def _share(self, text: str) -> str:
        if len(self._texts) > MEMO_SIZE:
            self._texts.clear()
        return self._texts.setdefault(text, text)

    def _doubt(self, event: Event, key: str, words: str) -> None:
        hidden = "this value needs quotes: YAML readers differ about it"
        self._notes.complain(event, hidden if is_credential_name(key) else words)

    def _tagged(self, event: Event, key: str) -> JSON:
        if event.tag == STR_TAG:
            return self._share(event.value)
        value = plain_value(event.value)
        wanted = _CORE_TAGS.get(event.tag)
        if wanted is not None and value.__class__ is wanted:
            return value if not isinstance(value, Doubt) else value.text
        refuse_tag(self._notes, event, key)
        return self._share(event.value)


def refuse_tag(notes: Notes, event: Event, key: str) -> None:
    """Complain about a YAML tag that fleetsync does not read."""
    # A forgotten quote turns a token that begins with ! into a tag.
    tag = event.tag.replace("tag:yaml.org,2002:", "!!")
    shown = "a YAML tag" if is_credential_name(key) else f"the YAML tag {quote(tag)}"
    notes.complain(event, f"{shown} is not read here: remove it, or quote the text that begins so")
