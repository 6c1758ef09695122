"""Remember which tokens a run takes out of the secrets file, until settling does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fleetsync.tokens.line import render_retired

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from fleetsync.model.token import Token
    from fleetsync.tokens.line import Entry, Stamp


class _Retiring(NamedTuple):
    token: Token
    stamp: Stamp


class Leaving:
    """What is no longer valid, what of it is kept as retired, and which retired tokens go.

    ``gone`` are the devices whose tokens are not valid; ``growth`` is by how many bytes the lines
    become longer at most when they are retired.
    """

    def __init__(self, org: str) -> None:
        self._org = org
        self.gone: set[str] = set()
        self._retiring: dict[str, _Retiring] = {}
        self._kept_runs: frozenset[str] | None = None
        self.growth = 0

    def drop(self, client_ids: Iterable[str]) -> None:
        """Note that the tokens of these devices are not valid."""
        self.gone.update(client_ids)

    def retire(self, raw: bytes, entry: Entry, stamp: Stamp) -> None:
        """Note that the token of a whole line is kept as retired.

        If the run retires a second token of a device, the first is kept: the device had it before.
        """
        self.gone.add(entry.client_id)
        if entry.client_id not in self._retiring:
            self._retiring[entry.client_id] = _Retiring(entry.token, stamp)
            retired = render_retired(raw, entry, stamp)
            self.growth += len(retired) - len(raw.removesuffix(b"\n") + b"\n")

    def return_of(self, entry: Entry) -> None:
        """Note that a token is valid, also if it was taken for gone or retired before."""
        self.gone.discard(entry.client_id)
        retiring = self._retiring.get(entry.client_id)
        if retiring is not None and retiring.token == entry.token:
            del self._retiring[entry.client_id]

    def keep_runs(self, runs: Collection[str]) -> None:
        """Note that what other runs retired is no longer wanted."""
        self._kept_runs = frozenset(runs)

    def is_gone(self, client_id: str) -> bool:
        """Tell whether the token that the file has for a device is not valid."""
        return client_id in self.gone

    def retiring(self, client_id: str, run: str) -> Token | None:
        """Give the token of a device that is to be retired for a run."""
        found = self._retiring.get(client_id)
        return found.token if found and found.stamp.run == run else None

    def stamp_for(self, entry: Entry) -> Stamp | None:
        """Give the stamp with which this very token is to be retired, or None."""
        found = self._retiring.get(entry.client_id)
        return found.stamp if found and found.token == entry.token else None

    def forgets(self, run: str, client_id: str) -> bool:
        """Tell whether a retired token is no longer wanted; those of other orgs always are."""
        if self._kept_runs is None or run in self._kept_runs:
            return False
        return client_id.startswith((f"d:{self._org}:", f"g:{self._org}:"))

    def settled(self) -> None:
        """Note that all of it is done."""
        self.gone.clear()
        self._retiring.clear()
        self.growth = 0
