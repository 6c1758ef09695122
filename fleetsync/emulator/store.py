"""Open the SQLite file of an org, and refuse every file that is not one, untouched.

The rollback journal is used and not the write-ahead log: between writes the org is one file, which
can be copied, and several processes may have it open.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from fleetsync.emulator.errors import EmulatorError
from fleetsync.emulator.schema import (
    APPLICATION_ID,
    FORMAT_VERSION,
    LATER_SCHEMA,
    SCHEMA,
    TEMPORARY_SCHEMA,
)
from fleetsync.emulator.stamp import now_stamp

BUSY_SECONDS = 30.0
"""How long a write waits for another process."""

_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100
_VERSION_AT, _APPLICATION_AT = 60, 68
_PRIVATE_FILE = 0o600


def open_store(path: Path | None) -> sqlite3.Connection:
    """Return a connection to the org in a file, made if it is not there; None is in memory.

    Raises EmulatorError if the file is not the file of an emulated org or cannot be used.
    """
    if path is None:
        return _connect(":memory:")
    try:
        _prepare_file(path)
        return _connect(str(path))
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise EmulatorError(
            f"{path}: cannot be used as the file of an emulated org: {reason}; "
            "check the path and its permissions, or name another file"
        ) from error


def _connect(name: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        name, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -65536")
        _create(connection)
        connection.executescript(TEMPORARY_SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection) -> None:
    """Lay out a new org; all in one transaction, so that no half-made file is ever left."""
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        for statement in SCHEMA:
            connection.execute(statement)
        connection.execute("INSERT INTO org (created) VALUES (?)", (now_stamp(),))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
    for statement in LATER_SCHEMA:
        connection.execute(statement)
    connection.execute("COMMIT")


def _prepare_file(path: Path) -> None:
    """Make sure that SQLite finds either our file or an empty one that only its owner can read."""
    folder = path.parent
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, f"{folder} is no folder")
    folder.mkdir(parents=True, exist_ok=True)
    if folder.name == ".fleetsync":
        _keep_out_of_git(folder)
    descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_FILE)
    with os.fdopen(descriptor, "rb") as file:
        _check_header(path, file.read(_HEADER_BYTES))


def _keep_out_of_git(folder: Path) -> None:
    try:
        with (folder / ".gitignore").open("x", encoding="ascii") as file:
            file.write("*\n")
    except FileExistsError:
        return


def _check_header(path: Path, header: bytes) -> None:
    """Judge the first bytes of a file without letting SQLite near it."""
    if not header:
        return
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise EmulatorError(
            f"{path}: is not the file of an emulated org (no SQLite database), left untouched; "
            "name another file, or move this one away"
        )
    if _number(header, _APPLICATION_AT) != APPLICATION_ID:
        raise EmulatorError(
            f"{path}: is the SQLite database of some other program, left untouched; "
            "name another file, or move this one away"
        )
    if _number(header, _VERSION_AT) > FORMAT_VERSION:
        raise EmulatorError(
            f"{path}: was written by a newer fleetsync, left untouched; "
            "update fleetsync, or name another file"
        )


def _number(header: bytes, offset: int) -> int:
    return int.from_bytes(header[offset : offset + 4], "big")
