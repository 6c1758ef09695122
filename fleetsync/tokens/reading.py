"""Tell for which devices the secrets file holds a token to go back to; nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.model import DeviceKey
from fleetsync.tokens.compaction import content_span
from fleetsync.tokens.line import Entry, Retired, parse
from fleetsync.tokens.opening import explained, open_for_reading

if TYPE_CHECKING:
    from pathlib import Path


def clients_with_token(path: Path) -> frozenset[str]:
    """Give the client ids that have a valid token or a retired one.

    Raises SecretsError, also when an apply is at work on the file. No token leaves this function.
    """
    storage = open_for_reading(path)
    if storage is None:
        return frozenset()
    try:
        with explained(path, what="the secrets file cannot be read", advice="mend the disk"):
            lines = (parse(raw) for _, raw in storage.lines(*content_span(storage)))
            return frozenset(name for line in lines if (name := _client_id(line)))
    finally:
        storage.close()


def clients_retired_by(path: Path, run: str) -> frozenset[str]:
    """Give the client ids of which the file holds the token that a run retired.

    Raises SecretsError, also when an apply is at work on the file. No token leaves this function.
    """
    storage = open_for_reading(path)
    if storage is None:
        return frozenset()
    try:
        with explained(path, what="the secrets file cannot be read", advice="mend the disk"):
            lines = (parse(raw) for _, raw in storage.lines(*content_span(storage)))
            return frozenset(
                line.entry.client_id
                for line in lines
                if isinstance(line, Retired) and line.stamp.run == run
            )
    finally:
        storage.close()


def registered_devices(path: Path, org: str) -> frozenset[DeviceKey]:
    """Give the devices of an org that have a valid token, as far as the file tells.

    Raises SecretsError, also when an apply is at work on the file. No token leaves this function.
    """
    storage = open_for_reading(path)
    if storage is None:
        return frozenset()
    try:
        with explained(path, what="the secrets file cannot be read", advice="mend the disk"):
            lines = (parse(raw) for _, raw in storage.lines(*content_span(storage)))
            return frozenset(
                DeviceKey(line.type_id, line.device_id)
                for line in lines
                if isinstance(line, Entry) and line.belongs_to(org)
            )
    finally:
        storage.close()


def _client_id(line: Entry | Retired | None) -> str | None:
    entry = line.entry if isinstance(line, Retired) else line
    return entry.client_id if entry else None
