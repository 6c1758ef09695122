from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fleetsync.errors import FileError, LockedError
from fleetsync.lock import lock_fleet

NOW = "2026-11-23T10:00:00Z"


def no_notice(message: str) -> None:
    raise AssertionError(message)


def test_one_holds_the_lock_and_another_is_told_who(tmp_path: Path) -> None:
    words = rf"another apply is at work on this fleet \(process {os.getpid()}, since {NOW}\)"
    with (
        lock_fleet(tmp_path, now=NOW, wait=0, notify=no_notice),
        pytest.raises(LockedError, match=words),
        lock_fleet(tmp_path, now=NOW, wait=0, notify=no_notice),
    ):
        pass
    with lock_fleet(tmp_path, now=NOW, wait=0, notify=no_notice):
        pass


def test_who_waits_gets_it_when_it_is_given_back(tmp_path: Path) -> None:
    notices: list[str] = []
    got = threading.Event()

    def wait_for_it() -> None:
        with lock_fleet(tmp_path, now=NOW, wait=30, notify=notices.append):
            got.set()

    with lock_fleet(tmp_path, now=NOW, wait=0, notify=no_notice):
        waiter = threading.Thread(target=wait_for_it)
        waiter.start()
        while not notices:
            time.sleep(0.01)
        assert not got.is_set()
    waiter.join(30)
    assert got.is_set()
    assert notices == [
        f"waiting up to 30 s for another apply to end (process {os.getpid()}, since {NOW})"
    ]


def test_a_killed_process_leaves_no_lock_behind(tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib; from fleetsync.lock import lock_fleet\n"
        "with lock_fleet(pathlib.Path(sys.argv[1]), now='x', wait=0, notify=print):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(LockedError, match=f"process {holder.pid}, since x"),
            lock_fleet(tmp_path, now=NOW, wait=0, notify=no_notice),
        ):
            pass
        holder.send_signal(signal.SIGKILL)
    with lock_fleet(tmp_path, now=NOW, wait=0, notify=no_notice):
        pass


def test_a_lock_file_that_says_nonsense_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / ".fleetsync").mkdir()
    (tmp_path / ".fleetsync" / "lock").write_bytes(b"\xff" * 5000)
    with lock_fleet(tmp_path, now=NOW, wait=0, notify=no_notice):
        pass


def test_the_folder_is_left_as_it_was(tmp_path: Path) -> None:
    with lock_fleet(tmp_path, now=NOW, wait=0, notify=no_notice):
        assert (tmp_path / ".fleetsync" / ".gitignore").read_text() == "*\n"
    assert list(tmp_path.iterdir()) == []


def test_what_was_put_there_meanwhile_stays(tmp_path: Path) -> None:
    with lock_fleet(tmp_path, now=NOW, wait=0, notify=no_notice):
        (tmp_path / ".fleetsync" / "org.db").write_text("an org")
    names = {path.name for path in (tmp_path / ".fleetsync").iterdir()}
    assert names == {".gitignore", "org.db"}


@pytest.mark.parametrize("place", ["file", "link"])
def test_a_holder_that_cannot_be_named_locks_all_the_same(tmp_path: Path, place: str) -> None:
    if place == "file":
        (tmp_path / ".fleetsync").write_text("a file")
    else:
        (tmp_path / ".fleetsync").mkdir()
        (tmp_path / ".fleetsync" / "lock").symlink_to(tmp_path / "elsewhere")
    with (
        lock_fleet(tmp_path, now=NOW, wait=0, notify=no_notice),
        pytest.raises(LockedError, match="another apply is at work on this fleet;"),
        lock_fleet(tmp_path, now=NOW, wait=0, notify=no_notice),
    ):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_none_says_so(tmp_path: Path) -> None:
    with (
        pytest.raises(FileError, match="the folder cannot be locked: "),
        lock_fleet(tmp_path / "none", now=NOW, wait=0, notify=no_notice),
    ):
        pass


def killed_while_it_held(folder: Path, *runs: str) -> None:
    code = (
        "import os, sys, pathlib; from fleetsync.lock import lock_fleet\n"
        "with lock_fleet(pathlib.Path(sys.argv[1]), now='x', wait=0, notify=print) as lock:\n"
        "    [lock.note_run(run) for run in sys.argv[2:]]; os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(folder), *runs], check=False)
    assert killed.returncode == -signal.SIGKILL


def test_runs_of_killed_holders_are_known_until_one_ends_in_peace(tmp_path: Path) -> None:
    killed_while_it_held(tmp_path, "run-1")
    killed_while_it_held(tmp_path)
    killed_while_it_held(tmp_path, "run-2")
    with lock_fleet(tmp_path, now=NOW, wait=0, notify=no_notice) as lock:
        assert lock.earlier == ("run-2", "run-1")
        lock.note_run("run-3")
    with lock_fleet(tmp_path, now=NOW, wait=0, notify=no_notice) as lock:
        assert lock.earlier == ()


def test_a_copy_of_the_folder_knows_no_run_of_the_original(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    killed_while_it_held(tmp_path / "one", "run-1")
    shutil.copytree(tmp_path / "one", tmp_path / "copy")
    with lock_fleet(tmp_path / "copy", now=NOW, wait=0, notify=no_notice) as lock:
        assert lock.earlier == ()
