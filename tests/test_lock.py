from __future__ import annotations

import os
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


def test_the_folder_of_the_lock_is_never_committed(tmp_path: Path) -> None:
    with lock_fleet(tmp_path, now=NOW, wait=0, notify=no_notice):
        assert (tmp_path / ".fleetsync" / ".gitignore").read_text() == "*\n"


def test_a_lock_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / ".fleetsync").write_text("a file")
    with (
        pytest.raises(FileError, match="the lock cannot be made: "),
        lock_fleet(tmp_path, now=NOW, wait=0, notify=no_notice),
    ):
        pass


def test_a_lock_behind_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / ".fleetsync").mkdir()
    (tmp_path / ".fleetsync" / "lock").symlink_to(tmp_path / "elsewhere")
    with (
        pytest.raises(FileError, match="the lock cannot be made"),
        lock_fleet(tmp_path, now=NOW, wait=0, notify=no_notice),
    ):
        pass
    assert not (tmp_path / "elsewhere").exists()
