"""Lay out the tables of an org, and the rows that they hold."""

from __future__ import annotations

from typing import NamedTuple

APPLICATION_ID = 0x464C5359
"""Written into the header of the file: FLSY."""

FORMAT_VERSION = 1


class TypeRow(NamedTuple):
    """A device type as it is kept; JSON columns hold compact text, absent values are None."""

    id: str
    class_id: str
    description: str | None
    device_info: str
    metadata: str | None
    edge_configuration: str | None
    created: str
    updated: str


class DeviceRow(NamedTuple):
    """A device as it is kept; ``token`` is salted and hashed, ``class_id`` that of its type."""

    type_id: str
    device_id: str
    class_id: str
    device_info: str
    metadata: str | None
    location: str | None
    gateway_type_id: str | None
    gateway_id: str | None
    author_type: str
    author_id: str
    registered: str
    alert: int
    alert_at: str
    token: bytes


TYPE_COLUMNS = ", ".join(TypeRow._fields)
DEVICE_COLUMNS = ", ".join(DeviceRow._fields)

_TYPE_LAYOUT = """
    id TEXT NOT NULL PRIMARY KEY, class_id TEXT NOT NULL, description TEXT,
    device_info TEXT NOT NULL, metadata TEXT, edge_configuration TEXT,
    created TEXT NOT NULL, updated TEXT NOT NULL"""

_DEVICE_LAYOUT = """
    type_id TEXT NOT NULL, device_id TEXT NOT NULL, class_id TEXT NOT NULL,
    device_info TEXT NOT NULL, metadata TEXT, location TEXT,
    gateway_type_id TEXT, gateway_id TEXT, author_type TEXT NOT NULL, author_id TEXT NOT NULL,
    registered TEXT NOT NULL, alert INTEGER NOT NULL, alert_at TEXT NOT NULL, token BLOB NOT NULL"""

# A listing says how many rows there are in all (platform page 3.2). Counting a million rows for
# every page would cost more than the page, so each type carries its count along.
SCHEMA = (
    "CREATE TABLE org (created TEXT NOT NULL)",
    f"CREATE TABLE device_type ({_TYPE_LAYOUT}) WITHOUT ROWID",
    f"""CREATE TABLE device ({_DEVICE_LAYOUT},
        PRIMARY KEY (type_id, device_id),
        FOREIGN KEY (type_id) REFERENCES device_type (id)) WITHOUT ROWID""",
    """CREATE TABLE device_count (type_id TEXT NOT NULL PRIMARY KEY
        REFERENCES device_type (id) ON DELETE CASCADE, n INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TRIGGER count_new_type AFTER INSERT ON device_type BEGIN
        INSERT INTO device_count VALUES (NEW.id, 0); END""",
    """CREATE TRIGGER count_added AFTER INSERT ON device BEGIN
        UPDATE device_count SET n = n + 1 WHERE type_id = NEW.type_id; END""",
    """CREATE TRIGGER count_removed AFTER DELETE ON device BEGIN
        UPDATE device_count SET n = n - 1 WHERE type_id = OLD.type_id; END""",
)

# An org that was laid out before these came gets them when it is opened. They go with the device.
LATER_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS diagnostic_log (
        type_id TEXT NOT NULL, device_id TEXT NOT NULL, number INTEGER NOT NULL,
        id TEXT NOT NULL, message TEXT NOT NULL, severity INTEGER NOT NULL, data TEXT NOT NULL,
        timestamp TEXT NOT NULL, written REAL NOT NULL,
        PRIMARY KEY (type_id, device_id, number),
        FOREIGN KEY (type_id, device_id) REFERENCES device ON DELETE CASCADE) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS error_code (
        type_id TEXT NOT NULL, device_id TEXT NOT NULL, number INTEGER NOT NULL,
        code INTEGER NOT NULL, timestamp TEXT NOT NULL, written REAL NOT NULL,
        PRIMARY KEY (type_id, device_id, number),
        FOREIGN KEY (type_id, device_id) REFERENCES device ON DELETE CASCADE) WITHOUT ROWID""",
)

# What lists still show while they lag (platform page Q16): the row as it was before a write. The
# row of a thing that did not exist has only its key and ``present`` 0.
_STALE_LAYOUT = """
    present INTEGER NOT NULL, calls_left INTEGER NOT NULL, until REAL NOT NULL"""

TEMPORARY_SCHEMA = f"""
    CREATE TEMP TABLE stale_device_type (
        {_TYPE_LAYOUT.replace("NOT NULL PRIMARY KEY", "PRIMARY KEY").replace(" NOT NULL", "")},
        {_STALE_LAYOUT});
    CREATE TEMP TABLE stale_device (
        {_DEVICE_LAYOUT.replace(" NOT NULL", "")}, {_STALE_LAYOUT},
        PRIMARY KEY (type_id, device_id));
    CREATE TEMP TABLE connection_log (
        type_id TEXT NOT NULL, device_id TEXT NOT NULL, message TEXT NOT NULL, at TEXT NOT NULL);
    CREATE INDEX temp.connection_log_by_device ON connection_log (type_id, device_id);
    CREATE TEMP TABLE management (
        type_id TEXT NOT NULL, device_id TEXT NOT NULL, data TEXT NOT NULL,
        PRIMARY KEY (type_id, device_id));
"""
