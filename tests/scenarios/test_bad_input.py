"""Files, options and credentials that are wrong: one clear message, and nothing is changed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fleetsync.cli.main import run
from tests.conftest import StartEmulator
from tests.scenarios.conftest import KEY, TOKEN, TOP, VARIABLES, Fleetsync, Folder

PUMPS: dict[str, Any] = {
    "deviceTypes": [{"id": "pump"}],
    "devices": [{"typeId": "pump", "deviceId": f"p-{number}"} for number in range(3)],
}
ELSEWHERE = "name another place under secrets.file in fleet.yaml"
ANOTHER = "name another file, or move this one away"
NAME_BOTH = "set both WIOTP_AUTH_KEY and WIOTP_AUTH_TOKEN"

Prepare = Callable[[Path], object]


@pytest.fixture(autouse=True)
def a_fleet(folder: Folder) -> None:
    folder.manifest(PUMPS)


PAIR = {"WIOTP_AUTH_KEY": KEY, "WIOTP_AUTH_TOKEN": TOKEN}
ENVIRONMENTS: list[tuple[dict[str, str], str]] = [
    (
        {},
        "there are no credentials: set WIOTP_AUTH_KEY and WIOTP_AUTH_TOKEN in the environment, or"
        " name a file with --credentials FILE",
    ),
    ({"WIOTP_AUTH_KEY": KEY}, f"WIOTP_AUTH_TOKEN is missing; {NAME_BOTH}"),
    ({"WIOTP_AUTH_TOKEN": TOKEN}, f"WIOTP_AUTH_KEY is missing; {NAME_BOTH}"),
    (
        {"WIOTP_API_KEY": KEY},
        "WIOTP_API_TOKEN is missing; set both WIOTP_API_KEY and WIOTP_API_TOKEN",
    ),
    (
        {"WIOTP_AUTH_KEY": KEY, "WIOTP_AUTH_TOKEN": ""},
        "WIOTP_AUTH_TOKEN is empty; give it its value (in a pipeline: is the secret there for this"
        " branch?)",
    ),
    (
        {"WIOTP_AUTH_KEY": KEY, "WIOTP_AUTH_TOKEN": f"{TOKEN}\n"},
        "WIOTP_AUTH_TOKEN holds a space or a line break, which no key or token does; copy it anew",
    ),
]


@pytest.mark.parametrize(("environment", "words"), ENVIRONMENTS)
@pytest.mark.parametrize("command", [("plan", "-v"), ("apply", "--yes", "-v")])
def test_missing_credentials_are_8(
    *,
    folder: Folder,
    fleetsync: Fleetsync,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    environment: dict[str, str],
    words: str,
) -> None:
    folder.settings({"org": {"id": "abc123"}})
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    before = folder.files()
    assert fleetsync(*command) == (8, "", f"Error: {words}\n")
    assert folder.files() == before


def test_a_credentials_file_that_is_none_is_8_and_not_shown(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.settings({"org": {"id": "abc123"}})
    file = folder.path / "key.ini"
    file.write_text(f"[application]\nauth-key={KEY}\n auth-token {TOKEN} no value\n[", "utf-8")
    file.chmod(0o600)
    told = fleetsync("apply", "--yes", "-v", "--credentials", file)
    assert (told.code, told.out) == (8, "")
    assert told.err == (
        f"Error: {file}:4: this line cannot be read; it must hold [application] with auth-key and"
        " auth-token, or YAML: auth: {key:, token:}\n"
    )


def private(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(0o600)


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


def committed(folder: Path) -> None:
    private(folder / "secrets" / "tokens.jsonl", "")
    git(folder, "init", "-q")
    git(folder, "add", "secrets")
    (folder / ".gitignore").write_text("secrets/\n", "utf-8")


def readable(folder: Path) -> None:
    private(folder / "secrets" / "tokens.jsonl", "")
    (folder / "secrets" / "tokens.jsonl").chmod(0o644)


def linked(folder: Path) -> None:
    (folder / "secrets").mkdir()
    (folder / "secrets" / "tokens.jsonl").symlink_to(folder / "elsewhere")


def open_to_all(folder: Path) -> None:
    (folder / "secrets").mkdir()
    (folder / "secrets").chmod(0o777)


SECRETS: dict[str, tuple[Prepare, str]] = {
    "a folder in its place": (
        lambda folder: (folder / "secrets" / "tokens.jsonl").mkdir(parents=True),
        f"{{file}}: the secrets file is not a regular file; {ELSEWHERE}",
    ),
    "a file in its folder's place": (
        lambda folder: (folder / "secrets").write_text("x", "utf-8"),
        "{folder}/secrets: this is not a folder, so no secrets file can be in it; " + ELSEWHERE,
    ),
    "others may read it": (
        readable,
        "{file}: other users may use the secrets file (mode 0644); run: chmod 600 {file}",
    ),
    "everybody may replace it": (
        open_to_all,
        "{folder}/secrets: everybody may replace the secrets file in this folder; run: chmod o-w"
        " {folder}/secrets",
    ),
    "a link": (
        linked,
        "{file}: the secrets file is a symbolic link, which others could turn elsewhere; name the"
        " file itself under secrets.file in fleet.yaml",
    ),
    "its folder is a link to nowhere": (
        lambda folder: (folder / "secrets").symlink_to(folder / "elsewhere"),
        "{folder}/secrets: this folder for the secrets file is a link that leads nowhere; mend the"
        f" link, or {ELSEWHERE}",
    ),
    "something else": (
        lambda folder: private(folder / "secrets" / "tokens.jsonl", "my diary\n"),
        "{file}: this is not a secrets file of fleetsync, so it was left alone; name another file"
        " under secrets.file in fleet.yaml",
    ),
    "git would commit it": (
        lambda folder: git(folder, "init", "-q"),
        "{file}: git does not ignore the secrets file and would publish it; add the line /secrets/"
        " to {folder}/.gitignore, or keep the file outside of it (secrets.file in fleet.yaml)",
    ),
    "git tracks it": (
        committed,
        "{file}: git tracks the secrets file, so its tokens may be in the history already; run:"
        " git -C {folder} rm --cached secrets/tokens.jsonl; ignore the file, and replace the tokens"
        " that were committed",
    ),
}


@pytest.mark.parametrize(("prepare", "words"), SECRETS.values(), ids=SECRETS.keys())
def test_a_secrets_file_that_is_not_safe_stops_an_apply_before_it_writes(
    *,
    folder: Folder,
    fleetsync: Fleetsync,
    start_emulator: StartEmulator,
    credentials: Callable[[str, str], None],
    prepare: Prepare,
    words: str,
) -> None:
    emulator = start_emulator()
    credentials(KEY, TOKEN)
    prepare(folder.path)
    before = folder.files()
    told = fleetsync("apply", "--yes", "--org-url", emulator.url, "--format", "json")
    expected = words.format(folder=folder.path, file=folder.secrets)
    assert told == (1, "", f"Error: {expected}\n")
    assert not [call for call in emulator.state.calls if not call.startswith("GET")]
    assert folder.files() == before


def test_without_git_nobody_can_tell_whether_git_ignores_the_file(
    folder: Folder, fleetsync: Fleetsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(folder.path, "init", "-q")
    (folder.path / ".gitignore").write_text("secrets/\n", "utf-8")
    monkeypatch.setenv("PATH", str(folder.path))
    assert fleetsync("apply", "--yes") == (
        1,
        "",
        f"Error: {folder.secrets}: this is in the git work tree {folder.path}, and without git"
        " nobody can tell whether git ignores it; install git, or keep the file outside of it"
        " (secrets.file in fleet.yaml)\n",
    )


NO_SPACE = """
import resource, sys
size = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
from fleetsync.cli.main import run
sys.exit(run(sys.argv[2:]))
"""


def with_files_up_to(size: int, folder: Folder, *words: str) -> subprocess.CompletedProcess[str]:
    """Run fleetsync where no file can grow over a size, as on a disk that is full by then."""
    return subprocess.run(
        [sys.executable, "-c", NO_SPACE, str(size), *words],
        cwd=folder.path,
        env={**os.environ, **PAIR, "PYTHONPATH": str(TOP)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_full_disk_is_found_before_anything_is_changed(
    folder: Folder, start_emulator: StartEmulator
) -> None:
    emulator = start_emulator()
    done = with_files_up_to(200, folder, "apply", "--yes", "--org-url", emulator.url)
    assert (done.returncode, done.stderr) == (
        1,
        "Error: secrets/tokens.jsonl: there is no room for the tokens of the new devices: no space"
        " is left for it; no token in it was lost; free some space or mend the disk, and run"
        " again\n",
    )
    assert not [call for call in emulator.state.calls if not call.startswith("GET")]
    assert folder.secrets.read_bytes() == b""


def test_a_disk_that_fills_up_meanwhile_does_not_hide_what_was_done(
    folder: Folder,
    fleetsync: Fleetsync,
    start_emulator: StartEmulator,
    credentials: Callable[[str, str], None],
) -> None:
    emulator = start_emulator()
    credentials(KEY, TOKEN)
    many = [{"typeId": "pump", "deviceId": f"p-{number}"} for number in range(40)]
    folder.manifest({"deviceTypes": [{"id": "pump"}], "devices": many})
    fleetsync("apply", "--yes", "--org-url", emulator.url)
    folder.manifest({"deviceTypes": [{"id": "pump"}], "devices": many[1:]})  # the journal has room
    size = folder.secrets.stat().st_size
    done = with_files_up_to(size, folder, "apply", "--yes", "--org-url", emulator.url)
    assert (done.returncode, done.stderr) == (
        6,
        "Error: secrets/tokens.jsonl: the tokens of deleted devices cannot be taken out: no space"
        " is left for it; no token in it was lost; free some space or mend the disk, and run"
        " again\n",
    )
    assert "1 device deleted" in done.stdout
    assert len(folder.tokens()) == 40
    assert fleetsync("apply", "--yes", "--org-url", emulator.url).code == 0
    assert len(folder.tokens()) == 39


def other_database(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mine (a)")
    connection.close()


DATABASES: dict[str, tuple[Prepare, str]] = {
    "no database": (
        lambda file: private(file, "hello\n"),
        f"{{file}}: is not the file of an emulated org (no SQLite database), left untouched;"
        f" {ANOTHER}",
    ),
    "another program's": (
        other_database,
        f"{{file}}: is the SQLite database of some other program, left untouched; {ANOTHER}",
    ),
    "a folder": (
        lambda file: file.mkdir(parents=True),
        "{file}: cannot be used as the file of an emulated org: Is a directory; check the path and"
        " its permissions, or name another file",
    ),
    "below a file": (
        lambda file: file.parent.write_text("x", "utf-8"),
        "{file}: cannot be used as the file of an emulated org: {file.parent} is no folder; check"
        " the path and its permissions, or name another file",
    ),
}


@pytest.mark.parametrize(("prepare", "words"), DATABASES.values(), ids=DATABASES.keys())
@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes")])
def test_an_emulator_file_that_is_none_is_left_alone(
    folder: Folder, fleetsync: Fleetsync, command: tuple[str, ...], prepare: Prepare, words: str
) -> None:
    file = folder.path / ".fleetsync" / "org.db"
    prepare(file)
    before = folder.files()
    assert fleetsync(*command) == (1, "", f"Error: {words.format(file=file)}\n")
    left = folder.files()
    left.pop(".fleetsync/.gitignore", None)
    assert left == before


def test_a_fleet_file_that_does_not_exist_is_7(folder: Folder, fleetsync: Fleetsync) -> None:
    (folder.path / "fleet.yaml").unlink()
    for command in ("validate", "plan", "apply"):
        assert fleetsync(command) == (
            7,
            "",
            f"Error: {folder.path}/fleet.yaml:1:1: there is no such file: use -C DIR or --fleet"
            " FILE to say where it is, or write one; two lines are enough: fleet: NAME and org:"
            " {id: ORG}\n",
        )


def test_a_pipe_among_the_manifests_keeps_nobody_waiting(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    os.mkfifo(folder.path / "manifests" / "pipe.yaml")
    assert fleetsync("plan") == (
        7,
        "",
        "Error: manifests/pipe.yaml:1:1: the file cannot be read: Not a regular file: see to it, or"
        " take it away\n",
    )


PLANS: list[tuple[bytes, int, str]] = [
    (b"", 1, "not a plan that fleetsync saved"),
    (b"\x00\xff", 1, "not a plan that fleetsync saved"),
    (b"fleet: x\n", 1, "not a plan that fleetsync saved"),
    (b"[]", 1, "not a plan that fleetsync saved"),
    (b"{}", 1, "not a plan that fleetsync saved"),
    (b'{"formatVersion": 1}', 1, "not a plan that fleetsync saved"),
    (
        b'{"formatVersion": 2}',
        5,
        "its format version is 2, this fleetsync reads 1",
    ),
]


@pytest.mark.parametrize(("content", "code", "words"), PLANS)
def test_a_file_that_is_no_plan_is_not_applied(
    folder: Folder, fleetsync: Fleetsync, content: bytes, code: int, words: str
) -> None:
    (folder.path / "plan.json").write_bytes(content)
    before = folder.files()
    file = folder.path / "plan.json"
    again = "make a new plan with: fleetsync plan --out FILE"
    assert fleetsync("apply", file) == (code, "", f"Error: {file}: {words}; {again}\n")
    assert folder.files() == before


def test_a_plan_that_is_not_there_is_named(folder: Folder, fleetsync: Fleetsync) -> None:
    file = folder.path / "plan.json"
    assert fleetsync("apply", file) == (
        1,
        "",
        f"Error: {file}: the plan cannot be read: No such file or directory; make one: fleetsync"
        f" plan --out {file}\n",
    )


OWN = "is a file of the fleet's own: name another one for the result"
AGAIN = "choose another place, and run again"
OUTPUTS: list[tuple[tuple[str, ...], int, str]] = [
    (
        ("--out", "{folder}/no/plan.json"),
        1,
        f"{{folder}}/no/plan.json: cannot be written: its folder does not exist; {AGAIN}\n",
    ),
    (
        ("--output", "json={folder}/no/p"),
        1,
        f"{{folder}}/no/p: cannot be written: its folder does not exist; {AGAIN}\n",
    ),
    (
        ("--output", "json={folder}/manifests"),
        1,
        f"{{folder}}/manifests: cannot be written: this is a folder; {AGAIN}\n",
    ),
    (("--out", "{folder}/fleet.yaml"), 2, f"{{folder}}/fleet.yaml {OWN}\n"),
    (
        ("--output", "json={folder}/secrets/tokens.jsonl"),
        2,
        f"{{folder}}/secrets/tokens.jsonl {OWN}\n",
    ),
    (("--output", "text={folder}/.fleetsync/org.db"), 2, f"{{folder}}/.fleetsync/org.db {OWN}\n"),
    (
        ("--output", "text={folder}/a", "--output", "json={folder}/./a"),
        2,
        "{folder}/a is named twice: name another one for the result\n",
    ),
    (
        ("--output", "json={folder}/old.jsonl"),
        1,
        "{folder}/old.jsonl: cannot be written: it holds device tokens, which are nowhere else; "
        f"{AGAIN}\n",
    ),
]


@pytest.mark.parametrize(("options", "code", "words"), OUTPUTS)
def test_a_result_that_cannot_be_written_is_told_before_the_org_is_asked(
    folder: Folder, fleetsync: Fleetsync, options: tuple[str, ...], code: int, words: str
) -> None:
    private(folder.path / "old.jsonl", '{"clientId": "d:x:pump:p-1"}\n')
    before = folder.files()
    told = fleetsync("plan", *(option.format(folder=folder.path) for option in options))
    assert (told.code, told.out) == (code, "")
    assert told.err == f"Error: {words.format(folder=folder.path)}"
    assert folder.files() == before


OWN_FILES = (
    "fleet.yaml",
    "manifests/fleet.yaml",
    "more/pumps.yml",
    "secrets/tokens.jsonl",
    ".fleetsync/org.db",
    "ca.pem",
    "key",
)


@pytest.mark.parametrize("command", [("validate",), ("plan",), ("apply", "--yes")])
def test_every_command_keeps_its_hands_off_the_fleets_own_files(
    folder: Folder, fleetsync: Fleetsync, command: tuple[str, ...]
) -> None:
    org = {"emulator": ".fleetsync/org.db", "caFile": "ca.pem"}
    folder.settings({"org": org, "manifests": ["manifests", "more/*.yml"]})
    (folder.path / "more").mkdir()
    (folder.path / "more" / "pumps.yml").write_text("{}", "utf-8")
    before = folder.files()
    for name in OWN_FILES:
        file = folder.path / name
        told = fleetsync(*command, "--credentials", folder.path / "key", "--output", f"json={file}")
        assert told == (2, "", f"Error: {file} {OWN}\n")
    assert folder.files() == before


def test_an_embedded_org_that_is_not_asked_is_kept_too(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    file = folder.path / ".fleetsync" / "org.db"
    told = fleetsync("validate", "--org-url", "https://x.example.com", "--output", f"json={file}")
    assert told == (2, "", f"Error: {file} {OWN}\n")


def test_a_fleet_that_is_wrong_loses_no_file_to_the_report_of_it(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest({"deviceTypes": [{"id": "a b"}]}, "wrong")
    own = folder.path / "manifests" / "fleet.yaml"
    assert fleetsync("validate", "--output", f"json={own}") == (2, "", f"Error: {own} {OWN}\n")
    folder.settings({"limit": 3})
    assert fleetsync("validate", "--output", f"json={own}") == (2, "", f"Error: {own} {OWN}\n")


KEPT = [
    ("org.db", "SQLite format 3\0", "it is a database, as an emulated org is"),
    ("ca.pem", "-----BEGIN CERTIFICATE-----\n", "it holds a certificate or a key"),
    ("old", '{"clientId": "d:x:pump:p-1"}\n', "it holds device tokens, which are nowhere else"),
]


@pytest.mark.parametrize(("name", "content", "why"), KEPT)
def test_a_file_that_is_plainly_no_result_is_kept_whatever_fleet_yaml_says(
    *, folder: Folder, fleetsync: Fleetsync, name: str, content: str, why: str
) -> None:
    folder.settings({"limit": 3})
    file = folder.path / name
    private(file, content)
    told = fleetsync("validate", "--output", f"json={file}")
    assert told == (1, "", f"Error: {file}: cannot be written: {why}; {AGAIN}\n")
    assert file.read_text("utf-8") == content


USAGE: list[tuple[tuple[str, ...], str]] = [
    (("plann",), "Error: there is no command 'plann'; did you mean plan?\n"),
    (
        ("deploy",),
        "Error: there is no command 'deploy'; there are validate, plan, drift, apply, show, undo,"
        " journal, rotate, status, logs, watch, send, publish, github, gitlab, emulator\n",
    ),
    (("plan", "extra"), "Error: Got unexpected extra argument (extra)\n"),
    (
        ("plan", "--output", "yaml=x"),
        "Error: Invalid value for '--output': 'yaml=x' is not FORMAT=FILE; FORMAT is one of",
    ),
    (("plan", "--verify-locations", "-1"), "Error: Invalid value for '--verify-locations': -1"),
    (("apply", "--allow-deletes", "some"), "Error: Invalid value for '--allow-deletes': 'some'"),
    (
        ("plan", "--org-url", "http://org.example.com"),
        "Error: --org-url: the URL would show the credentials to everybody on the way: write"
        " https:// (http:// is only for an emulator on this machine)\n",
    ),
    (
        ("plan", "--org-url", f"https://{KEY}:{TOKEN}@org.example.com"),
        "Error: --org-url: the URL holds a user name or a password: take it out, and put the API"
        " key and its token into WIOTP_AUTH_KEY and WIOTP_AUTH_TOKEN, or use --credentials FILE\n",
    ),
]


@pytest.mark.parametrize(("words", "expected"), USAGE)
def test_wrong_usage_is_told_with_the_way_out(
    fleetsync: Fleetsync, words: tuple[str, ...], expected: str
) -> None:
    told = fleetsync(*words)
    assert (told.code, told.out) == (2, "")
    assert expected in told.err
    assert TOKEN not in told.err


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    captured = capsys.readouterr()
    assert "Keep a fleet of IoT devices in git." in captured.out + captured.err
    assert "validate  Check fleet.yaml" in captured.out + captured.err


def test_outputs_before_and_after_the_command_add_up(
    folder: Folder, fleetsync: Fleetsync, tmp_path: Path
) -> None:
    first, second = tmp_path / "plan.txt", tmp_path / "plan.json"
    assert fleetsync("--output", f"text={first}", "plan", "--output", f"json={second}").code == 0
    assert first.read_text("utf-8").startswith("Plan for test in org embedded")
    assert second.read_text("utf-8").startswith("{")


def test_the_next_command_is_for_the_same_fleet(folder: Folder, fleetsync: Fleetsync) -> None:
    saved = folder.path / "a plan.json"
    told = fleetsync("plan", "--out", saved)
    assert told.out.endswith(f"To carry it out: fleetsync -C {folder.path} apply '{saved}'\n")
