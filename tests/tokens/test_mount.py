"""A real file system that is full or read-only, where this user may mount one."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fleetsync.errors import SecretsError
from fleetsync.tokens import TokenFile, check_secrets_path, read_tokens
from tests.tokens.sample import DATE, RUN, entry, line, write

ENTRIES = [entry(f"p-{number}", "t" * 24) for number in range(300)]
ALL = {one.client_id: one for one in ENTRIES}
CONTENT = b"".join(line(one.device_id, "t" * 24) for one in ENTRIES)

Remount = Callable[..., None]


def mount(*words: str | Path) -> None:
    subprocess.run(["mount", *map(str, words)], check=True, capture_output=True, timeout=20)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for the file of 300 devices and little more."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        mount("-t", "tmpfs", "-o", "size=64k,nr_inodes=8,mode=755", "tmpfs", place)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("this user may not mount a file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True, timeout=20)


def test_a_full_file_system_stops_a_promise_and_loses_nothing(small: Path) -> None:
    path = write(small / "tokens.jsonl", CONTENT)
    with TokenFile.open(path, org="abc123") as tokens:
        with pytest.raises(SecretsError) as caught:
            tokens.promise([entry(f"q-{number}", "u" * 24) for number in range(300)])
        assert str(caught.value) == (
            f"{path}: the tokens cannot be written down: no space is left for it; "
            "no token in it was lost; free some space or mend the disk, and run again"
        )
        assert path.read_bytes() == CONTENT
        with pytest.raises(SecretsError, match="there is no room for the tokens"):
            tokens.check_room(300)
        assert path.read_bytes() == CONTENT
        tokens.promise([entry("q-1", "u")])
    assert len(read_tokens(path)) == 301


def test_a_full_file_system_stops_the_settling_and_loses_nothing(small: Path) -> None:
    path = write(small / "tokens.jsonl", CONTENT)
    with TokenFile.open(path, org="abc123") as tokens:
        tokens.retire(list(ALL), run=RUN, at=DATE)
        with pytest.raises(SecretsError, match="cannot be taken out: no space is left for it"):
            tokens.settle()
        assert path.read_bytes() == CONTENT
        assert tokens.retired(ENTRIES[0].client_id, RUN) == ENTRIES[0].token
        mount("-o", "remount,size=400k", small)
        tokens.settle()
        assert tokens.retired(ENTRIES[0].client_id, RUN) == ENTRIES[0].token
    assert read_tokens(path) == {}


def test_a_file_system_without_room_for_another_file_is_told(small: Path) -> None:
    for number in range(7):
        (small / f"{number}").touch()
    path = small / "tokens.jsonl"
    with pytest.raises(SecretsError) as caught:
        TokenFile.open(path, org="abc123")
    assert str(caught.value) == (
        f"{path}: the secrets file cannot be opened: no space is left for it; "
        "choose another place under secrets.file in fleet.yaml, or mend this one"
    )


@pytest.mark.parametrize("exists", [True, False])
def test_a_read_only_file_system_is_told_as_that(small: Path, exists: bool) -> None:
    path = small / "tokens.jsonl"
    if exists:
        write(path, CONTENT)
    mount("-o", "remount,ro", small)
    why = f"{path}: the secrets file cannot be made: {small} is mounted read-only; mount it for"
    if exists:
        why = (
            f"{path}: the secrets file lies on a file system that is mounted read-only; "
            "mount it for"
        )
    with pytest.raises(SecretsError) as caught:
        check_secrets_path(path)
    assert str(caught.value) == (
        f"{why} writing, or name another place under secrets.file in fleet.yaml"
    )
    assert read_tokens(path) == (ALL if exists else {})


def test_a_disk_that_is_full_while_a_deleted_file_is_written_back_is_told(small: Path) -> None:
    path = write(small / "tokens.jsonl", CONTENT)
    with TokenFile.open(path, org="abc123") as tokens:
        path.unlink()
        with pytest.raises(SecretsError) as caught:
            tokens.promise([entry("q-1", "u")])
        assert str(caught.value) == (
            f"{path}: somebody touched the secrets file during the run, and it cannot be mended: "
            "no space is left for it; tokens may be lost; mend the disk or restore a backup, and "
            "run again"
        )
        mount("-o", "remount,size=400k", small)
        with pytest.raises(SecretsError, match="written again"):
            tokens.settle()
    assert read_tokens(path) == ALL
