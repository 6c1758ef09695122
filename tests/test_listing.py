from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.listing import Memory, _DamagedError, _parse, read_memory, remember
from fleetsync.model import Sizes

AT = "2026-11-20T10:00:00Z"
SIZES = Sizes(3, {"pump": 1000, "valve": 0}, AT)
TEXT = """\
{
 "formatVersion": 1,
 "orgs": {
  "abc123": {
   "at": "2026-11-20T10:00:00Z",
   "deviceTypes": 3,
   "devices": {
    "pump": 1000,
    "valve": 0
   }
  }
 }
}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the memory of ``tmp_path`` lies, in a folder that is there."""
    (tmp_path / ".fleetsync").mkdir()
    return tmp_path / ".fleetsync" / "listing.json"


def test_what_was_remembered_is_known_afterwards(tmp_path: Path) -> None:
    remember(tmp_path, "abc123", SIZES)
    assert read_memory(tmp_path) == Memory({"abc123": SIZES})
    folder = tmp_path / ".fleetsync"
    assert sorted(path.name for path in folder.iterdir()) == [".gitignore", "listing.json"]
    assert (folder / "listing.json").read_text("utf-8") == TEXT
    assert (folder / "listing.json").stat().st_mode & 0o777 == 0o600


def test_a_folder_without_memory_remembers_nothing_and_stays_as_it_is(tmp_path: Path) -> None:
    assert read_memory(tmp_path) == Memory()
    (tmp_path / ".fleetsync").mkdir()
    assert read_memory(tmp_path) == Memory()
    assert list((tmp_path / ".fleetsync").iterdir()) == []


def test_one_org_is_written_anew_and_others_are_kept(tmp_path: Path) -> None:
    remember(tmp_path, "abc123", SIZES)
    remember(tmp_path, "xyz789", Sizes(1, {}, AT))
    remember(tmp_path, "abc123", Sizes(2, {"pump": 5}, AT))
    assert read_memory(tmp_path).orgs == {
        "xyz789": Sizes(1, {}, AT),
        "abc123": Sizes(2, {"pump": 5}, AT),
    }


def test_the_orgs_that_were_not_seen_for_longest_are_forgotten(tmp_path: Path) -> None:
    for day in range(1, 26):
        remember(tmp_path, f"org{day}", Sizes(0, {}, f"2026-11-{day:02}T10:00:00Z"))
    assert sorted(read_memory(tmp_path).orgs) == sorted(f"org{day}" for day in range(6, 26))


DAMAGED = "it is damaged"
FOREIGN = "it is of another version or no memory of fleetsync's"
NONSENSE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", DAMAGED),
    "half of it": (TEXT.encode()[:60], DAMAGED),
    "no JSON": (b"\x00\xff", DAMAGED),
    "too deep": (b"[" * 100_000, DAMAGED),
    "a number without end": (b"9" * 10_000, DAMAGED),
    "another version": (TEXT.replace(": 1,", ": 2,", 1).encode(), FOREIGN),
    "a list": (b"[]", FOREIGN),
    "no orgs": (b'{"formatVersion": 1}', DAMAGED),
    "an org that is none": (b'{"formatVersion": 1, "orgs": {"a": []}}', DAMAGED),
    "a count that is none": (TEXT.replace("1000", "true").encode(), DAMAGED),
    "a count below zero": (TEXT.replace("1000", "-1").encode(), DAMAGED),
    "a count with a point": (TEXT.replace("1000", "1000.0").encode(), DAMAGED),
    "NaN": (TEXT.replace("1000", "NaN").encode(), DAMAGED),
    "a day that is no day": (TEXT.replace("2026-11-20T", "\\u001b[2J").encode(), DAMAGED),
    "too large": (b" " * (5 << 20), "it is too large"),
}


@pytest.mark.parametrize(("content", "reason"), NONSENSE.values(), ids=NONSENSE.keys())
def test_what_makes_no_sense_is_ignored_with_a_word_and_replaced(
    tmp_path: Path, path: Path, content: bytes, reason: str
) -> None:
    path.write_bytes(content)
    assert read_memory(tmp_path) == Memory(
        {},
        f"{path}: {reason}, so nothing is known of earlier lists; the next apply writes it anew",
    )
    assert path.read_bytes() == content
    remember(tmp_path, "abc123", SIZES)
    assert path.read_text("utf-8") == TEXT


def test_a_link_is_not_followed_and_its_target_not_touched(tmp_path: Path, path: Path) -> None:
    target = tmp_path / "elsewhere.json"
    target.write_text(TEXT, "utf-8")
    for link in (path, path.with_name("listing.json.new")):
        link.symlink_to(target)
    memory = read_memory(tmp_path)
    assert memory.orgs == {}
    assert memory.damage.startswith(f"{path}: Too many levels of symbolic links, so nothing is")
    remember(tmp_path, "abc123", Sizes(0, {}, AT))
    assert target.read_text("utf-8") == TEXT
    assert not path.is_symlink()
    assert read_memory(tmp_path).orgs == {"abc123": Sizes(0, {}, AT)}


def test_a_folder_that_is_a_link_is_neither_read_nor_written(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "listing.json").write_text(TEXT, "utf-8")
    (tmp_path / ".fleetsync").symlink_to("elsewhere")
    assert read_memory(tmp_path).orgs == {}
    assert read_memory(tmp_path).damage
    with pytest.raises(NotADirectoryError):
        remember(tmp_path, "abc123", Sizes(0, {}, AT))
    assert (tmp_path / "elsewhere" / "listing.json").read_text("utf-8") == TEXT


def test_a_pipe_at_its_place_keeps_nobody_waiting(tmp_path: Path, path: Path) -> None:
    os.mkfifo(path)
    assert read_memory(tmp_path).damage.startswith(f"{path}: it is no file, so")
    remember(tmp_path, "abc123", SIZES)
    assert path.read_text("utf-8") == TEXT


def test_a_folder_at_its_place_is_left_alone(tmp_path: Path, path: Path) -> None:
    path.mkdir()
    assert read_memory(tmp_path).damage.startswith(f"{path}: it is no file, so")
    with pytest.raises(IsADirectoryError):
        remember(tmp_path, "abc123", SIZES)
    assert path.is_dir()


def test_a_run_that_was_killed_while_it_wrote_is_no_obstacle(tmp_path: Path, path: Path) -> None:
    path.write_text(TEXT, "utf-8")
    path.with_name("listing.json.new").write_text(TEXT[:30], "utf-8")
    assert read_memory(tmp_path) == Memory({"abc123": SIZES})
    remember(tmp_path, "abc123", SIZES)
    assert [each.name for each in path.parent.iterdir()] == ["listing.json"]


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
ORGS = st.fixed_dictionaries(
    {"at": st.just(AT) | JSONS, "deviceTypes": st.integers(0, 9) | JSONS},
    optional={"devices": st.dictionaries(st.text(), st.integers(0, 9)) | JSONS},
)
FILES = st.fixed_dictionaries(
    {"formatVersion": st.just(1) | JSONS, "orgs": st.dictionaries(st.text(), ORGS) | JSONS}
)


@given(st.binary() | (FILES | JSONS).map(lambda value: json.dumps(value).encode()))
def test_whatever_it_holds_it_is_read_or_called_damaged(data: bytes) -> None:
    try:
        orgs = _parse(data)
    except _DamagedError:
        return
    for types, devices, at in orgs.values():
        numbers: list[Any] = [types, *devices.values()]
        assert all(type(number) is int and number >= 0 for number in numbers)
        assert at[:4].isdigit()
