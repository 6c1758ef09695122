"""Tell for which devices the secrets file holds a token to go back to; nothing is changed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from fleetsync.model import DeviceKey
from fleetsync.tokens.compaction import content_span
from fleetsync.tokens.line import Entry, Retired, parse
from fleetsync.tokens.opening import explained, open_for_reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def clients_with_token(path: Path) -> frozenset[str]:
    """Give the client ids that have a valid token or a retired one.

    Raises SecretsError, also when an apply is at work on the file. No token leaves this function.
    """
    with _lines_of(path) as lines:
        return frozenset(name for line in lines if (name := _client_id(line)))


def clients_retired_by(path: Path, run: str) -> frozenset[str]:
    """Give the client ids of which the file holds the token that a run retired.

    Raises SecretsError, also when an apply is at work on the file. No token leaves this function.
    """
    with _lines_of(path) as lines:
        return frozenset(
            line.entry.client_id
            for line in lines
            if isinstance(line, Retired) and line.stamp.run == run
        )


def registered_devices(path: Path, org: str) -> frozenset[DeviceKey]:
    """Give the devices of an org that have a valid token, as far as the file tells.

    Raises SecretsError, also when an apply is at work on the file. No token leaves this function.
    """
    with _lines_of(path) as lines:
        return frozenset(
            DeviceKey(line.type_id, line.device_id)
            for line in lines
            if isinstance(line, Entry) and line.belongs_to(org)
        )


@contextmanager
def _lines_of(path: Path) -> Iterator[Iterable[Entry | Retired | None]]:
    """Give the lines of the file, none if there is no file; SecretsError while they are read."""
    storage = open_for_reading(path)
    if storage is None:
        yield ()
        return
    try:
        with explained(path, what="the secrets file cannot be read", advice="mend the disk"):
            yield (parse(raw) for _, raw in storage.lines(*content_span(storage)))
    finally:
        storage.close()


def _client_id(line: Entry | Retired | None) -> str | None:
    entry = line.entry if isinstance(line, Retired) else line
    return entry.client_id if entry else None
