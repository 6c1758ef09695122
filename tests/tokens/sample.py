"""Made-up entries, lines and secrets files for the tests of this room."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fleetsync.model.token import Token
from fleetsync.tokens import TokenFile
from fleetsync.tokens.line import Entry, Stamp, render_line, render_retired
from tests.tokens.faulty import Fault, FaultyStorage

DATE = "2026-11-23T10:00:00Z"
RUN = "20261123T100000-0123456789"
OLD_RUN = "20261122T090000-aaaaaaaaaa"
OLDER_RUN = "20261121T080000-bbbbbbbbbb"


def entry(device_id: str, token: str, *, org: str = "abc123", type_id: str = "pump") -> Entry:
    client_id = f"d:{org}:{type_id}:{device_id}"
    return Entry(client_id, type_id, device_id, Token(token), DATE)


def line(device_id: str, token: str, *, org: str = "abc123") -> bytes:
    return render_line(entry(device_id, token, org=org))


def retired(device_id: str, token: str, *, run: str = RUN, org: str = "abc123") -> bytes:
    one = entry(device_id, token, org=org)
    return render_retired(render_line(one), one, Stamp(run, DATE))


@contextmanager
def secrets_file(content: bytes) -> Iterator[Path]:
    """A secrets file of this content; in memory where that can be, for the sake of many syncs."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder made in it is private
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield write(Path(folder) / "tokens.jsonl", content)


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def open_faulty(path: Path, fault: Fault) -> TokenFile:
    return TokenFile(FaultyStorage(path, fault), path, org="abc123")
