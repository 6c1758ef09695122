"""Made-up entries, lines and secrets files for the tests of this room."""

from __future__ import annotations

from pathlib import Path

from fleetsync.model.token import Token
from fleetsync.tokens import TokenFile
from fleetsync.tokens.line import Entry, render_line
from tests.tokens.faulty import Fault, FaultyStorage

DATE = "2026-11-23T10:00:00Z"


def entry(device_id: str, token: str, *, org: str = "abc123", type_id: str = "pump") -> Entry:
    client_id = f"d:{org}:{type_id}:{device_id}"
    return Entry(client_id, type_id, device_id, Token(token), DATE)


def line(device_id: str, token: str, *, org: str = "abc123") -> bytes:
    return render_line(entry(device_id, token, org=org))


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def open_faulty(path: Path, fault: Fault) -> TokenFile:
    return TokenFile(FaultyStorage(path, fault), path, org="abc123")
