from __future__ import annotations

import grp
import os
import pwd
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fleetsync.errors import SecretsError
from fleetsync.tokens import TokenFile, check_secrets_path

ELSEWHERE = "name another place under secrets.file in fleet.yaml"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that an ordinary user may own, though root runs the tests."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Rights do not bind root, so root steps down for a while."""
    former = os.geteuid()
    if former == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(former)


def refusal(path: Path) -> str:
    before = sorted(path.parent.rglob("*")) if path.parent.is_dir() else []
    with pytest.raises(SecretsError) as caught:
        check_secrets_path(path)
    after = sorted(path.parent.rglob("*")) if path.parent.is_dir() else []
    assert before == after
    with pytest.raises(SecretsError) as again:
        TokenFile.open(path, org="abc123")
    assert str(again.value) == str(caught.value)
    return str(caught.value)


def private_file(path: Path) -> Path:
    path.touch(mode=0o600)
    return path


def test_a_private_file_is_safe(place: Path) -> None:
    check_secrets_path(private_file(place / "tokens.jsonl"))


def test_a_file_that_is_still_to_be_made_is_safe_and_not_made(place: Path) -> None:
    check_secrets_path(place / "a" / "b" / "tokens.jsonl")
    assert list(place.iterdir()) == []


def test_a_folder_behind_a_link_is_safe(place: Path) -> None:
    (place / "vault").mkdir()
    (place / "secrets").symlink_to("vault")
    check_secrets_path(place / "secrets" / "tokens.jsonl")


@pytest.mark.parametrize("target", ["real", "nowhere"])
def test_a_link_is_refused_wherever_it_leads(place: Path, target: str) -> None:
    private_file(place / "real")
    path = place / "tokens.jsonl"
    path.symlink_to(target)
    assert refusal(path) == (
        f"{path}: the secrets file is a symbolic link, which others could turn elsewhere; "
        "name the file itself under secrets.file in fleet.yaml"
    )


def test_a_folder_that_is_a_dangling_link_is_refused(place: Path) -> None:
    (place / "secrets").symlink_to("nowhere")
    assert refusal(place / "secrets" / "tokens.jsonl") == (
        f"{place}/secrets: this folder for the secrets file is a link that leads nowhere; "
        f"mend the link, or {ELSEWHERE}"
    )


def test_a_folder_that_is_a_file_is_refused(place: Path) -> None:
    private_file(place / "secrets")
    assert refusal(place / "secrets" / "tokens.jsonl") == (
        f"{place}/secrets: this is not a folder, so no secrets file can be in it; {ELSEWHERE}"
    )


def test_links_in_a_circle_are_refused(place: Path) -> None:
    (place / "one").symlink_to("two")
    (place / "two").symlink_to("one")
    assert refusal(place / "one" / "tokens.jsonl") == (
        f"{place}/one: this folder for the secrets file is a link that leads nowhere; "
        f"mend the link, or {ELSEWHERE}"
    )


@pytest.mark.parametrize("kind", ["folder", "pipe", "socket"])
def test_what_is_not_a_regular_file_is_refused(place: Path, kind: str) -> None:
    path = place / "tokens.jsonl"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    assert refusal(path) == f"{path}: the secrets file is not a regular file; {ELSEWHERE}"


@pytest.mark.parametrize("device", ["/dev/full", "/dev/null"])
def test_a_device_is_refused(device: str) -> None:
    with pytest.raises(SecretsError) as caught:
        TokenFile.open(Path(device), org="abc123")
    assert str(caught.value) == (f"{device}: the secrets file is not a regular file; {ELSEWHERE}")


def test_a_file_with_a_second_name_is_refused(place: Path) -> None:
    path = private_file(place / "tokens.jsonl")
    (place / "published").hardlink_to(path)
    assert refusal(path) == (
        f"{path}: the secrets file has a second name (a hard link), under which git or a backup "
        f"could carry its tokens away; delete the other name, or {ELSEWHERE}"
    )
    (place / "published").unlink()
    check_secrets_path(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_file_that_others_may_use_is_refused(place: Path, mode: int) -> None:
    path = private_file(place / "my tokens.jsonl")
    path.chmod(mode)
    assert refusal(path) == (
        f"{path}: other users may use the secrets file (mode {mode:04o}); run: chmod 600 '{path}'"
    )


def test_a_file_of_another_user_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = private_file(place / "tokens.jsonl")
    owner = path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert refusal(path) == (
        f"{path}: the secrets file belongs to another user; run as that user, or {ELSEWHERE}"
    )


def test_a_file_that_its_owner_may_not_write_is_refused(place: Path) -> None:
    path = private_file(place / "tokens.jsonl")
    path.chmod(0o400)
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    with ordinary_user():
        assert refusal(path) == (
            f"{path}: you may not read and write the secrets file; run: chmod 600 {path}"
        )


def test_a_folder_in_which_nothing_may_be_made_is_refused(place: Path) -> None:
    place.chmod(0o555)
    path = place / "secrets" / "tokens.jsonl"
    with ordinary_user():
        assert refusal(path) == (
            f"{path}: the secrets file cannot be made: you may not write in {place}; "
            f"take the right to, or {ELSEWHERE}"
        )
    place.chmod(0o755)


def test_a_folder_that_may_not_be_entered_is_refused(place: Path) -> None:
    (place / "closed").mkdir(mode=0o000)
    with ordinary_user():
        path = place / "closed" / "tokens.jsonl"
        with pytest.raises(SecretsError) as caught:
            check_secrets_path(path)
    assert str(caught.value) == (
        f"{path}: the secrets file cannot be looked at: Permission denied; {ELSEWHERE}"
    )


@pytest.mark.parametrize("name", ["tokens.jsonl", "deeper/tokens.jsonl"])
def test_a_folder_that_everybody_may_change_is_refused(place: Path, name: str) -> None:
    place.chmod(0o777)
    assert refusal(place / name) == (
        f"{place}: everybody may replace the secrets file in this folder; run: chmod o-w {place}"
    )


def test_the_sticky_bit_makes_a_public_folder_safe(place: Path) -> None:
    place.chmod(0o1777)
    check_secrets_path(place / "tokens.jsonl")


OTHER_GROUP = 54321


def group_folder(folder: Path, mode: int) -> Path:
    folder.mkdir()
    try:
        os.chown(folder, -1, OTHER_GROUP)
    except PermissionError:
        pytest.skip("only root may give a folder to any group")
    folder.chmod(mode)
    return folder


def test_a_folder_that_a_group_may_change_is_refused(place: Path) -> None:
    folder = group_folder(place / "our secrets", 0o775)
    private_file(folder / "tokens.jsonl")
    assert refusal(folder / "tokens.jsonl") == (
        f"{folder}: a group may delete or replace the secrets file in this folder; "
        f"run: chmod g-w '{folder}'"
    )


@pytest.mark.parametrize("mode", [0o755, 0o1775])
def test_a_folder_of_a_group_that_cannot_replace_the_file_is_safe(place: Path, mode: int) -> None:
    check_secrets_path(group_folder(place / "secrets", mode) / "tokens.jsonl")


def test_a_folder_of_ones_own_may_be_made_where_a_group_may_write(place: Path) -> None:
    folder = group_folder(place / "fleet", 0o775)
    check_secrets_path(folder / "secrets" / "tokens.jsonl")


def test_the_group_that_is_a_users_own_may_write(place: Path) -> None:
    if grp.getgrgid(os.getegid()).gr_name != pwd.getpwuid(os.geteuid()).pw_name:
        pytest.skip("this user shares a group with others")
    place.chmod(0o775)
    check_secrets_path(place / "tokens.jsonl")


def test_a_folder_that_leads_elsewhere_is_judged_where_it_leads(place: Path) -> None:
    (place / "vault").mkdir()
    (place / "vault").chmod(0o777)
    (place / "secrets").symlink_to("vault")
    assert refusal(place / "secrets" / "tokens.jsonl") == (
        f"{place}/secrets: everybody may replace the secrets file in this folder; "
        f"run: chmod o-w {place}/secrets"
    )


def test_a_file_that_is_exchanged_between_the_look_and_the_opening_is_refused(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = private_file(place / "tokens.jsonl")
    private_file(place / "other").chmod(0o644)

    def exchange(path: Path) -> None:
        check_secrets_path(path)
        (place / "other").replace(path)

    monkeypatch.setattr("fleetsync.tokens.opening.check_secrets_path", exchange)
    with pytest.raises(SecretsError, match=r"other users may use the secrets file \(mode 0644\)"):
        TokenFile.open(path, org="abc123")


def test_a_name_that_is_too_long_is_refused(place: Path) -> None:
    path = place / ("x" * 300)
    assert refusal(path) == (
        f"{path}: the secrets file cannot be looked at: File name too long; {ELSEWHERE}"
    )


def test_a_relative_path_is_looked_for_from_here(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    check_secrets_path(Path("tokens.jsonl"))
    private_file(place / "tokens.jsonl").chmod(0o644)
    with pytest.raises(SecretsError, match=r"^tokens\.jsonl: other users may use"):
        check_secrets_path(Path("tokens.jsonl"))
