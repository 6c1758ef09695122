"""Make equal values one object, so that a million devices of a few kinds stay small."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleetsync.model import JSON

_MEMO_SIZE = 100_000


class Sharing:
    """A memory of containers that were met.

    They are told apart by the identity of what they hold, which is sure (``1``, ``1.0`` and
    ``True`` are three objects) and cheap; the reader of the files has made equal scalars one.
    """

    def __init__(self) -> None:
        self._mappings: dict[tuple[int, ...], dict[str, JSON]] = {}
        self._lists: dict[tuple[int, ...], list[JSON]] = {}

    def mapping(self, value: dict[str, JSON]) -> dict[str, JSON]:
        """Give the mapping that stands for all equal ones; what it holds is shared too."""
        for key, below in value.items():
            if isinstance(below, (dict, list)):
                value[key] = self._container(below)
        if len(self._mappings) > _MEMO_SIZE:
            self._mappings.clear()
        return self._mappings.setdefault((*map(id, value), *map(id, value.values())), value)

    def _container(self, value: dict[str, JSON] | list[JSON]) -> JSON:
        if isinstance(value, dict):
            return self.mapping(value)
        for index, below in enumerate(value):
            if isinstance(below, (dict, list)):
                value[index] = self._container(below)
        if len(self._lists) > _MEMO_SIZE:
            self._lists.clear()
        return self._lists.setdefault(tuple(map(id, value)), value)
