from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fleetsync.errors import SecretsError
from fleetsync.model.token import Token
from fleetsync.tokens import TokenFile, read_tokens
from tests.tokens.faulty import Fault, FaultyStorage
from tests.tokens.sample import entry, line, open_faulty, write

A, B, C = entry("a", "token-a"), entry("b", "token-b"), entry("c", "token-c")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secrets" / "tokens.jsonl"


@pytest.fixture
def old(path: Path) -> Path:
    """A secrets file with the tokens of a and b."""
    return write(path, line("a", "token-a") + line("b", "token-b"))


def test_a_promise_is_written_in_the_form_of_the_contract_and_private(path: Path) -> None:
    with TokenFile.open(path, org="abc123") as tokens:
        tokens.promise([A, B])
        assert path.read_bytes() == line("a", "token-a") + line("b", "token-b")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_odd_umask_neither_opens_nor_locks_the_file(path: Path) -> None:
    former = os.umask(0o777)
    try:
        path.parent.parent.chmod(0o700)
        path.parent.mkdir()
        path.parent.chmod(0o700)
        TokenFile.open(path, org="abc123").close()
    finally:
        os.umask(former)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_promise_is_on_the_disk_before_it_returns(old: Path) -> None:
    fault = Fault()
    with open_faulty(old, fault) as tokens:
        tokens.promise([C])
        assert fault.calls == ["write", "sync"]
        assert read_bytes_of(tokens) == old.read_bytes()


def read_bytes_of(tokens: TokenFile) -> bytes:
    storage = tokens._content._storage
    assert isinstance(storage, FaultyStorage)
    return storage.synced


def test_what_is_already_known_is_not_written_again(old: Path) -> None:
    fault = Fault()
    with open_faulty(old, fault) as tokens:
        tokens.promise([A, B])
    assert fault.calls == []


def test_a_known_token_is_found_by_client_id(old: Path) -> None:
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.promise([C])
        found = [tokens.known(f"d:abc123:pump:{name}") for name in "abcd"]
    assert found == [Token("token-a"), Token("token-b"), Token("token-c"), None]


def test_a_line_longer_than_one_read_is_found(path: Path) -> None:
    long = "x" * 5000
    write(path, line("a", long) + line("b", long))
    with TokenFile.open(path, org="abc123") as tokens:
        assert tokens.known("d:abc123:pump:a") == Token(long)
        assert tokens.known("d:abc123:pump:b") == Token(long)


def test_a_new_token_of_the_same_device_wins_and_settling_removes_the_old(old: Path) -> None:
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.promise([entry("a", "newer")])
        assert tokens.known("d:abc123:pump:a") == Token("newer")
        tokens.settle()
        assert tokens.known("d:abc123:pump:a") == Token("newer")
    assert old.read_bytes() == line("b", "token-b") + line("a", "newer")


def test_dropped_tokens_are_gone_after_settling_and_only_then(old: Path) -> None:
    before = old.read_bytes()
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.drop(["d:abc123:pump:a", "d:abc123:pump:never-there"])
        assert tokens.known("d:abc123:pump:a") is None
        assert old.read_bytes() == before
        tokens.settle()
    assert old.read_bytes() == line("b", "token-b")


def test_a_token_that_is_promised_after_its_drop_stays(old: Path) -> None:
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.drop(["d:abc123:pump:a"])
        tokens.promise([A])
        tokens.settle()
    assert old.read_bytes() == line("b", "token-b") + line("a", "token-a")


def test_settling_writes_nothing_when_there_is_nothing_to_do(old: Path) -> None:
    fault = Fault()
    with open_faulty(old, fault) as tokens:
        tokens.settle()
    assert fault.calls == []


def test_lines_of_other_orgs_and_unknown_keys_stay_byte_for_byte(path: Path) -> None:
    other = line("a", "token-z", org="other").replace(b", ", b",  ").replace(b"}", b', "x": 1}')
    noted = line("b", "token-b").replace(b"}", b', "note": "\xc3\xa9"}')
    write(path, other + line("a", "token-a") + noted)
    with TokenFile.open(path, org="abc123") as tokens:
        tokens.drop(["d:abc123:pump:a"])
        tokens.settle()
    assert path.read_bytes() == other + noted


def test_an_entry_of_another_org_is_a_mistake_of_the_caller(old: Path) -> None:
    with (
        TokenFile.open(old, org="abc123") as tokens,
        pytest.raises(ValueError, match="an entry is not of the org abc123"),
    ):
        tokens.promise([entry("a", "token-z", org="other")])


def test_a_torn_line_is_kept_and_reported_without_showing_it(path: Path) -> None:
    torn = line("lost", "half-a-token")[:-45]
    write(path, line("a", "token-a") + torn)
    with TokenFile.open(path, org="abc123") as tokens:
        expected = (
            f"{path}:2: this line is not whole and may hold a token, so it is kept; "
            "mend it or delete it by hand",
        )
        assert tokens.damage == expected
        tokens.promise([B])
        tokens.drop(["d:abc123:pump:a"])
        tokens.settle()
        assert tokens.damage == expected
    assert path.read_bytes() == line("b", "token-b") + torn + b"\n"


def test_a_torn_line_goes_when_the_same_device_has_a_whole_one_after_it(path: Path) -> None:
    write(path, line("a", "half-a-token")[:-45])
    with TokenFile.open(path, org="abc123") as tokens:
        tokens.promise([A])
        tokens.settle()
        assert tokens.damage == ()
    assert path.read_bytes() == line("a", "token-a")


def test_a_torn_line_after_a_whole_one_may_be_the_newer_and_is_kept(path: Path) -> None:
    torn = line("a", "newer-token")[:-45]
    write(path, line("a", "token-a") + torn)
    with TokenFile.open(path, org="abc123") as tokens:
        assert len(tokens.damage) == 1
        tokens.settle()
    assert path.read_bytes() == line("a", "token-a") + torn


def test_a_file_of_something_else_is_left_alone(path: Path) -> None:
    write(path, b"deviceTypes:\n- id: pump\n")
    with pytest.raises(SecretsError) as caught:
        TokenFile.open(path, org="abc123")
    assert str(caught.value) == (
        f"{path}: this is not a secrets file of fleetsync, so it was left alone; "
        "name another file under secrets.file in fleet.yaml"
    )
    assert path.read_bytes() == b"deviceTypes:\n- id: pump\n"


def test_a_second_apply_is_turned_away_at_once(old: Path) -> None:
    with TokenFile.open(old, org="abc123"):
        for open_again in (lambda: TokenFile.open(old, org="abc123"), lambda: read_tokens(old)):
            with pytest.raises(SecretsError) as caught:
                open_again()
            assert str(caught.value) == (
                f"{old}: another apply holds it; try again when that has ended"
            )
    TokenFile.open(old, org="abc123").close()


def test_two_readers_do_not_disturb_each_other_and_no_lock_is_left(old: Path) -> None:
    assert read_tokens(old) == read_tokens(old) == {A.client_id: A, B.client_id: B}
    TokenFile.open(old, org="abc123").close()


def test_reading_a_file_that_does_not_exist_gives_nothing_and_makes_nothing(path: Path) -> None:
    assert read_tokens(path) == {}
    assert not path.parent.exists()


def test_reading_takes_every_org_and_the_last_line_of_each_device(path: Path) -> None:
    other = entry("a", "token-z", org="other")
    lines = [line("a", "older"), line("a", "token-z", org="other"), b"rubbish\n", b"\n"]
    write(path, b"".join([*lines, line("a", "token-a")]))
    assert read_tokens(path) == {A.client_id: A, other.client_id: other}


def test_reading_does_not_follow_a_link(path: Path, old: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(old)
    with pytest.raises(SecretsError) as caught:
        read_tokens(link)
    assert str(caught.value) == (
        f"{link}: the secrets file cannot be read: Too many levels of symbolic links; "
        "make it readable for the user who runs fleetsync, and for nobody else"
    )


def test_reading_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(SecretsError) as caught:
        read_tokens(pipe)
    assert str(caught.value) == (
        f"{pipe}: the secrets file is not a regular file; name another one"
    )


def test_a_million_tokens_would_need_little_memory(tmp_path: Path) -> None:
    path = write(
        tmp_path / "tokens.jsonl", b"".join(line(f"p-{n}", "t" * 24) for n in range(50_000))
    )
    code = (
        "import resource, sys; from pathlib import Path; from fleetsync.tokens import TokenFile\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024\n"
        "before = peak(); tokens = TokenFile.open(Path(sys.argv[1]), org='abc123')\n"
        "print((peak() - before) / 50_000)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert float(run.stdout) < 500
