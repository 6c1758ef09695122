"""The org lives in one file, and no other file is ever touched."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleetsync.emulator.errors import EmulatorError
from fleetsync.emulator.schema import APPLICATION_ID
from fleetsync.emulator.state import OrgState
from fleetsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


def add_one(state: OrgState, type_id: str) -> None:
    """Keep a type and a device of it."""
    with state.turn(writing=True) as turn:
        turn.connection.execute(
            "INSERT INTO device_type VALUES (?, 'Device', NULL, '{}', NULL, NULL, '', '')",
            (type_id,),
        )
    state.register_as_person(type_id, "d-1")


def test_what_was_written_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "org.db"
    with OrgState.open(path) as state:
        add_one(state, "pump")
        before = state.snapshot()
    with OrgState.open(path) as state:
        assert state.snapshot() == before
        assert list(before["devices"]) == ["pump/d-1"]


def test_between_writes_there_is_one_private_file(tmp_path: Path) -> None:
    path = tmp_path / "org.db"
    with OrgState.open(path) as state:
        add_one(state, "pump")
        assert [each.name for each in tmp_path.iterdir()] == ["org.db"]
        assert path.stat().st_mode & 0o777 == 0o600


def test_two_states_may_have_the_file_open(tmp_path: Path) -> None:
    path = tmp_path / "org.db"
    with OrgState.open(path) as first, OrgState.open(path) as second:
        add_one(first, "pump")
        add_one(second, "fan")
        assert list(first.snapshot()["devices"]) == ["fan/d-1", "pump/d-1"]
        assert first.snapshot() == second.snapshot()


def test_missing_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "org.db"
    OrgState.open(path).close()
    assert path.is_file()
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_named_fleetsync_is_kept_out_of_git(tmp_path: Path) -> None:
    folder = tmp_path / ".fleetsync"
    OrgState.open(folder / "org.db").close()
    assert (folder / ".gitignore").read_text(encoding="ascii") == "*\n"
    (folder / ".gitignore").write_text("mine\n", encoding="ascii")
    OrgState.open(folder / "org.db").close()
    assert (folder / ".gitignore").read_text(encoding="ascii") == "mine\n"


def test_an_empty_file_becomes_an_org(tmp_path: Path) -> None:
    path = tmp_path / "org.db"
    path.touch()
    with OrgState.open(path) as state:
        assert state.snapshot() == {"deviceTypes": {}, "devices": {}}


def other_database(path: Path) -> None:
    """Make the database of some other program."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")


def newer_database(path: Path) -> None:
    """Make an org of a format that does not exist yet."""
    OrgState.open(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")


def short_file(path: Path) -> None:
    """Make a database that was cut off."""
    other_database(path)
    path.write_bytes(path.read_bytes()[:50])


def text_file(path: Path) -> None:
    """Make a manifest."""
    path.write_text("deviceTypes:\n  - id: pump\n" * 10, encoding="utf-8")


REFUSED = [
    (text_file, "is not the file of an emulated org (no SQLite database), left untouched; "
                "name another file, or move this one away"),
    (short_file, "is not the file of an emulated org (no SQLite database), left untouched; "
                 "name another file, or move this one away"),
    (other_database, "is the SQLite database of some other program, left untouched; "
                     "name another file, or move this one away"),
    (newer_database, "was written by a newer fleetsync, left untouched; "
                     "update fleetsync, or name another file"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "words"), REFUSED)
def test_a_file_that_is_something_else_is_refused_and_left_untouched(
    tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    path = tmp_path / "org.db"
    make(path)
    before = path.read_bytes(), path.stat().st_mtime_ns
    with pytest.raises(EmulatorError) as caught:
        OrgState.open(path)
    assert str(caught.value) == f"{path}: {words}"
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_damaged_org_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "org.db"
    OrgState.open(path).close()
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 4000)
    with pytest.raises(EmulatorError, match="cannot be used as the file of an emulated org"):
        OrgState.open(path)


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match="Is a directory; check the path"):
        OrgState.open(tmp_path)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmulatorError, match="cannot be used"):
        OrgState.open(tmp_path / "file" / "org.db")


def test_a_missing_disk_is_refused() -> None:
    with pytest.raises(EmulatorError, match="cannot be used"):
        OrgState.open(Path("/proc/none/org.db"))


@pytest.mark.parametrize("org", ["", "a b", "a:b", 'a"b', "x" * 65, "a\n"])
def test_an_org_id_that_would_break_client_ids_is_refused(org: str) -> None:
    with pytest.raises(UsageError, match="use 1 to 64 characters"):
        OrgState.open(None, org=org)


def test_the_header_names_the_program_and_the_format(tmp_path: Path) -> None:
    path = tmp_path / "org.db"
    OrgState.open(path).close()
    header = path.read_bytes()[:100]
    assert int.from_bytes(header[68:72], "big") == APPLICATION_ID
    assert int.from_bytes(header[60:64], "big") == 1
    assert b"FLSY" in header


def test_tokens_are_not_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "org.db"
    with OrgState.open(path) as state:
        add_one(state, "pump")
        token = state.register_as_person("pump", "d-2", body={"authToken": "Very-secret-token"})
        assert state.check_token("pump", "d-2", token)
    assert b"Very-secret" not in path.read_bytes()
