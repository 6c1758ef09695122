"""What becomes of the tokens when somebody touches the secrets file during the run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fleetsync.errors import SecretsError
from fleetsync.tokens import TokenFile, read_tokens
from tests.tokens.sample import DATE, OLD_RUN, RUN, entry, line, retired, write

A, B, C, D = (entry(name, f"token-{name}") for name in "abcd")
TORN = line("lost", "half-a-token")[:-45]
NOW_ALL = {one.client_id: one for one in (A, B, C)}
FIND_OUT = "find out who did (a 'git clean'?), and run again"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A secrets file with the tokens of a and b, a retired one and a broken line."""
    content = line("a", "token-a") + retired("r", "token-r", run=OLD_RUN) + TORN + b"\n"
    return write(tmp_path / "vault" / "tokens.jsonl", content + line("b", "token-b"))


def disturbed(path: Path, disturb: Callable[[Path], object]) -> str:
    """Promise c, let somebody disturb, promise d: give the error, and see that the run can end."""
    with TokenFile.open(path, org="abc123") as tokens:
        tokens.promise([C])
        disturb(path)
        with pytest.raises(SecretsError) as caught:
            tokens.promise([D])
        assert tokens.known(D.client_id) is None
        assert tokens.known(C.client_id) == C.token
        tokens.promise([D])
        tokens.drop([D.client_id])
        tokens.settle()
    return str(caught.value)


def test_a_deleted_file_is_written_back_whole(old: Path) -> None:
    before = old.read_bytes()
    assert disturbed(old, Path.unlink) == (
        f"{old}: somebody deleted the secrets file during the run; "
        f"what it lacked was written again (lines: 5); {FIND_OUT}"
    )
    assert sorted(old.read_bytes().splitlines()) == sorted(
        (before + line("c", "token-c")).splitlines()
    )
    assert old.stat().st_mode & 0o777 == 0o600


def test_a_deleted_folder_is_made_again(old: Path) -> None:
    disturbed(old, lambda path: shutil.rmtree(path.parent))
    assert read_tokens(old) == NOW_ALL
    assert old.parent.stat().st_mode & 0o777 == 0o700


def replaced(path: Path, content: bytes) -> None:
    """As an editor does it: a new file takes the place of the old one."""
    write(path.with_name("new"), content).replace(path)


def test_a_file_that_was_replaced_gets_what_it_lacks(old: Path) -> None:
    noted = line("a", "token-a").replace(b"}", b', "note": 1}')
    assert disturbed(old, lambda path: replaced(path, noted + line("c", "stale"))) == (
        f"{old}: somebody put another file in place of the secrets file during the run; "
        f"what it lacked was written again (lines: 4); {FIND_OUT}"
    )
    assert read_tokens(old) == NOW_ALL
    with TokenFile.open(old, org="abc123") as tokens:
        assert tokens.retired("d:abc123:pump:r", OLD_RUN) is not None
    kept = [retired("r", "token-r", run=OLD_RUN), line("b", "token-b"), line("c", "token-c")]
    expected = [noted, TORN + b"\n", *kept]
    assert sorted(old.read_bytes().splitlines(keepends=True)) == sorted(expected)


def test_a_token_that_somebody_put_for_an_older_one_counts(old: Path) -> None:
    disturbed(old, lambda path: replaced(path, line("a", "by-hand")))
    assert read_tokens(old) == {**NOW_ALL, A.client_id: entry("a", "by-hand")}


def test_a_file_that_was_moved_away_is_made_again_and_the_other_stays(old: Path) -> None:
    away = old.with_name("away")
    disturbed(old, lambda path: path.rename(away))
    assert read_tokens(old) == read_tokens(away) == NOW_ALL


def test_a_file_that_was_emptied_gets_back_what_this_run_wrote(old: Path) -> None:
    assert disturbed(old, lambda path: path.write_bytes(b"")) == (
        f"{old}: somebody changed the secrets file during the run; what it lacked was written "
        "again (lines: 1); tokens of earlier runs are lost (2), if no backup has them; "
        f"{FIND_OUT}"
    )
    assert read_tokens(old) == {C.client_id: C}


@pytest.mark.parametrize("size", range(0, 700, 7))
def test_a_file_that_was_cut_off_anywhere_keeps_what_is_before_and_what_this_run_wrote(
    old: Path, size: int
) -> None:
    size = min(size, old.stat().st_size)
    kept = old.read_bytes()[:size].splitlines(keepends=True)
    begun = {
        one.client_id: one
        for one in (A, B)
        if line(one.device_id, one.token.reveal()).strip() in map(bytes.strip, kept)
    }
    disturbed(old, lambda path: os.truncate(path, size))
    assert read_tokens(old) == {**begun, C.client_id: C}


def test_a_file_that_was_overwritten_in_place_loses_no_line_by_settling(old: Path) -> None:
    """A backup that is copied back moves every line, so no remembered place is right."""
    other = line("z", "token-z") + line("b", "token-b") + line("a", "token-a")
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.promise([C])
        tokens.retire([A.client_id], run=RUN, at=DATE)
        old.write_bytes(other)
        with pytest.raises(SecretsError, match=r"written again \(lines: 1\); find out"):
            tokens.settle()
    assert old.read_bytes() == (
        line("z", "token-z") + line("b", "token-b") + retired("a", "token-a") + line("c", "token-c")
    )


def test_a_line_that_somebody_appends_is_kept_and_no_error(old: Path) -> None:
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.promise([C])
        with old.open("ab") as file:
            file.write(line("z", "token-z"))
        tokens.promise([D])
        tokens.drop([A.client_id])
        tokens.settle()
    assert set(read_tokens(old)) == {f"d:abc123:pump:{name}" for name in "bcdz"}


def test_a_touch_that_changes_nothing_is_no_error(old: Path) -> None:
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.promise([C])
        os.utime(old)
        tokens.promise([D])
        old.chmod(0o600)
        tokens.settle()
    assert read_tokens(old) == {**NOW_ALL, D.client_id: D}


def test_a_file_that_is_deleted_before_the_end_is_written_back_at_the_end(old: Path) -> None:
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.promise([C])
        tokens.drop([A.client_id])
        old.unlink()
        with pytest.raises(SecretsError, match="somebody deleted the secrets file"):
            tokens.settle()
    assert read_tokens(old) == {B.client_id: B, C.client_id: C}


@pytest.mark.parametrize(
    ("put", "why"),
    [
        pytest.param(lambda path: path.symlink_to("/dev/null"), "a symbolic link", id="a link"),
        pytest.param(lambda path: path.mkdir(), "not a regular file", id="a folder"),
        pytest.param(os.mkfifo, "not a regular file", id="a pipe"),
        pytest.param(lambda path: write(path, b"").chmod(0o644), "other users may use", id="open"),
        pytest.param(lambda path: write(path, b"a: 1\n"), "not a secrets file", id="another file"),
    ],
)
def test_what_took_the_place_and_is_not_safe_is_left_alone_and_the_run_ends(
    old: Path, put: Callable[[Path], object], why: str
) -> None:
    away = old.with_name("away")
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.promise([C])
        old.rename(away)
        put(old)
        with pytest.raises(SecretsError, match=why):
            tokens.promise([D])
        with pytest.raises(SecretsError, match=why):
            tokens.settle()
        assert tokens.known(C.client_id) == C.token
    assert read_tokens(away) == NOW_ALL
