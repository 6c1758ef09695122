from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from fleetsync.cli.main import COMMANDS, cli, run
from fleetsync.cli.options import Options


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that is at fault itself, with words that may hold a secret."""

    @click.command()
    def broken() -> None:
        raise KeyError("t0ken-of-the-key!")

    monkeypatch.setattr(cli, "get_command", lambda _context, _name: broken)


@pytest.mark.usefixtures("failing")
def test_a_fault_of_our_own_is_no_traceback_and_shows_no_values(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["validate"]) == 1
    line = broken_line()
    assert capsys.readouterr() == (
        "",
        f"Error: fleetsync itself is at fault (KeyError in test_main.py:{line}); nothing more was"
        " done; please report this line and the command that you ran\n",
    )


def broken_line() -> int:
    lines = Path(__file__).read_text("utf-8").splitlines()
    return 1 + next(number for number, text in enumerate(lines) if "raise KeyError(" in text)


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_is_0_and_on_stdout(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command, "--help"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("Usage: fleetsync ")
    assert "  fleetsync " in captured.out
    assert captured.err == ""


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("fleetsync, version ")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from fleetsync.cli.main import run; run(['--help']);"
        "print(sorted({'requests', 'jsonschema', 'deepdiff', 'yaml', 'cheroot', 'sqlite3'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n[]\n")


@pytest.mark.parametrize(
    ("options", "command"),
    [
        (Options(), "fleetsync apply"),
        (Options(folder=Path("my fleet")), "fleetsync -C 'my fleet' apply"),
        (
            Options(fleet_file=Path("prod.yaml"), org_url="https://x", credentials=Path("k")),
            "fleetsync --fleet prod.yaml --org-url https://x --credentials k apply",
        ),
        (Options(folder=Path("a\x1b[31m")), "fleetsync -C 'a\\x1b[31m' apply"),
    ],
)
def test_a_command_to_run_next_repeats_where_the_fleet_is(options: Options, command: str) -> None:
    assert options.command("apply") == command
