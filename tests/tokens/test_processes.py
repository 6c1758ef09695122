"""Real processes at the secrets file: killed at every system call, and several at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from fleetsync.tokens import TokenFile, read_tokens

TOP = Path(__file__).parent.parent.parent
RUNS = int(os.environ.get("FLEETSYNC_RIVAL_RUNS", "5"))


def start(module: str, *words: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.tokens.{module}", *map(str, words)],
        cwd=TOP,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_process_that_is_killed_at_any_system_call_loses_no_token(tmp_path: Path) -> None:
    """Also one more run leaves what an undisturbed one would have left."""
    with start("killed", tmp_path) as process:
        out, err = process.communicate(timeout=240)
    assert err == ""
    points = [number for number, _ in json.loads(out)]
    assert [wrong for _, wrong in json.loads(out)] == [{}, {}]
    assert points[0] >= 30
    assert points[1] >= 50


def test_of_processes_that_write_at_once_each_either_keeps_its_tokens_or_is_told(
    tmp_path: Path,
) -> None:
    path = tmp_path / "secrets" / "tokens.jsonl"
    names = [f"w{number}" for number in range(4)]
    processes = [start("rival", path, name, str(RUNS)) for name in names]
    results = [process.communicate(timeout=120) for process in processes]
    assert [err for _, err in results] == [""] * len(names)
    reports = [json.loads(out) for out, _ in results]
    kept = {client_id for report in reports for client_id in report["kept"]}
    assert kept == {f"d:abc123:pump:{name}-{run}" for name in names for run in range(RUNS)}
    assert read_tokens(path).keys() == kept
    with TokenFile.open(path, org="abc123") as tokens:
        assert tokens.damage == ()
        for name in names:
            for run in range(RUNS):
                assert tokens.retired(f"d:abc123:pump:{name}-{run}-old", f"{name}-{run}")
    assert {words for report in reports for words in report["told"]} <= {
        f"{path}: another apply holds it; try again when that has ended"
    }
