"""Look through the free text of manifests for what must never stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fleetsync.manifest.credential import is_api_key, is_auth_token_name
from fleetsync.model.live import RESERVED_KEY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from fleetsync.manifest.places import Path
    from fleetsync.model import JSON

_MEMO_SIZE = 200_000
_ID_KEYS = frozenset({"id", "typeId", "deviceId"})
_ENTRY_BYTES = 32
"""Quotes, colon, comma, and the longest number: what a JSON entry takes besides its texts."""

_CHARACTER_BYTES = 6
"""The most bytes that one character takes in JSON: a control character, as ``\\u0001``."""

_NO_DEVICE_CREDENTIAL = (
    "a token must not stand in a manifest: remove it, from git's history too, and have the device"
    " registered anew; fleetsync makes tokens and keeps them in the secrets file"
)
NO_API_KEY = (
    "this looks like an API key, and credentials must not stand in a manifest: remove it, revoke"
    " it, and set WIOTP_AUTH_KEY and WIOTP_AUTH_TOKEN instead"
)


class Trouble(NamedTuple):
    """Something that must not stand in a manifest, at ``path`` of an item."""

    path: Path
    message: str
    at_key: bool = False


class Glance(NamedTuple):
    """What a first look at an item told.

    ``max_bytes`` is a number of bytes that the item's JSON cannot exceed; ``suspect``: look for
    troubles; ``whole_floats``: it holds a float such as ``12.0``.
    """

    max_bytes: int
    suspect: bool
    whole_floats: bool


class Inspector:
    """Glances at items; texts that were found clean once are not looked at again."""

    def __init__(self) -> None:
        self._clean_keys: set[str] = set()
        self._clean_texts: set[str] = set()
        self._suspect = self._whole_floats = False

    def glance(self, item: dict[str, JSON]) -> Glance:
        """Look at all keys and texts of an item, cheaply."""
        self._suspect = self._whole_floats = False
        if len(self._clean_texts) > _MEMO_SIZE:
            self._clean_texts.clear()
        size = self._weigh_mapping(item)
        return Glance(size, self._suspect or _is_reserved(item), self._whole_floats)

    def _weigh_mapping(self, mapping: dict[str, JSON]) -> int:
        clean = self._clean_keys
        if not mapping.keys() <= clean:
            for key in mapping.keys() - clean:
                self._look_at_key(key)
        return _CHARACTER_BYTES * sum(map(len, mapping)) + self._weigh(mapping.values())

    def _weigh(self, values: Collection[JSON]) -> int:
        clean = self._clean_texts
        size = _ENTRY_BYTES * (len(values) + 1)
        for value in values:
            if isinstance(value, str):
                if value not in clean:
                    self._look_at_text(value)
                size += _CHARACTER_BYTES * len(value)
            elif isinstance(value, dict):
                size += self._weigh_mapping(value)
            elif isinstance(value, list):
                size += self._weigh(value)
            elif isinstance(value, float) and value.is_integer():
                self._whole_floats = True
        return size

    def _look_at_key(self, key: str) -> None:
        if is_auth_token_name(key) or "\0" in key or is_api_key(key):
            self._suspect = True
        else:
            self._clean_keys.add(key)

    def _look_at_text(self, text: str) -> None:
        if "\0" in text or is_api_key(text):
            self._suspect = True
        else:
            self._clean_texts.add(text)


def _is_reserved(item: dict[str, JSON]) -> bool:
    metadata = item.get("metadata")
    return isinstance(metadata, dict) and RESERVED_KEY in metadata


def find_troubles(item: dict[str, JSON]) -> Iterator[Trouble]:
    """Find what must not stand in an item: credentials, the reserved key, NUL characters."""
    if _is_reserved(item):
        yield Trouble(
            ("metadata", RESERVED_KEY),
            f'the key "{RESERVED_KEY}" in metadata is the tool\'s own: use another name',
            at_key=True,
        )
    for key, value in item.items():
        if not _is_id(key, value):  # an id may well look like an API key
            yield from _troubles_of(key, value, ())


def _is_id(key: str, value: JSON) -> bool:
    if key == "deviceIds":
        return isinstance(value, list) and all(isinstance(below, str) for below in value)
    return key in _ID_KEYS and isinstance(value, str)


def _troubles_of(key: str, value: JSON, above: Path) -> Iterator[Trouble]:
    path = (*above, key)
    if is_auth_token_name(key):
        yield Trouble(path, _NO_DEVICE_CREDENTIAL, at_key=True)
        return  # whatever is below is part of the credential
    yield from (Trouble(path, words, at_key=True) for words in _text_troubles(key))
    yield from _troubles_in(value, path)


def _troubles_in(value: JSON, path: Path) -> Iterator[Trouble]:
    if isinstance(value, str):
        yield from (Trouble(path, words) for words in _text_troubles(value))
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _troubles_of(key, below, path)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _troubles_in(below, (*path, index))


def _text_troubles(text: str) -> Iterator[str]:
    if is_api_key(text):
        yield NO_API_KEY
    elif "\0" in text:
        yield "a NUL character (\\0) must not stand in a manifest: remove it"
