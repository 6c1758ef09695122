"""A journal is on the disk before anything is done, and says so when it cannot be."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleetsync.errors import JournalError
from fleetsync.journal.entry import Answer, Before, Deed, End, Ending, Request, Seen, Sight
from fleetsync.journal.file import Journal
from fleetsync.journal.folder import open_journal, read_stored_run, reopen_journal, run_path
from fleetsync.model import LiveDevice
from tests.journal.drawn import AT, HEAD, RUN, entries_of

A = ("pump", "a")


def now() -> str:
    return AT


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return run_path(tmp_path, RUN)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with open_journal(tmp_path, HEAD, now=now) as journal:
        yield journal


def fill_the_disk(journal: Journal) -> None:
    """Let the system answer each further write as a full disk does."""
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, journal._descriptor)
    os.close(full)


def test_each_entry_is_appended_in_its_turn(journal: Journal, path: Path) -> None:
    before = Before(A, LiveDevice("pump", "a"))
    journal.keep([before])
    number = journal.begin(Deed.UPDATE_DEVICE, [A])
    assert entries_of(path.read_bytes()) == [HEAD, before, Request(1, Deed.UPDATE_DEVICE, (A,))]
    journal.end(Answer(number, Ending.UNKNOWN))
    journal.see(Sight.OURS, [A])
    journal.see(Sight.OURS, [])
    journal.finish(End("done", {"done": 1}))
    assert entries_of(path.read_bytes())[3:] == [
        Answer(1, Ending.UNKNOWN),
        Seen(Sight.OURS, (A,)),
        End("done", {"done": 1}, settled=True),
    ]
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_live_is_written_in_large_numbers(journal: Journal, path: Path) -> None:
    befores = [Before(("pump", f"p-{n}"), LiveDevice("pump", f"p-{n}")) for n in range(2500)]
    journal.keep(iter(befores))
    assert entries_of(path.read_bytes()) == [HEAD, *befores]


def test_many_threads_write_one_sound_journal(journal: Journal, path: Path) -> None:
    def work(worker: int) -> None:
        for item in range(20):
            number = journal.begin(Deed.UPDATE_DEVICE, [("pump", f"{worker}-{item}")])
            journal.end(Answer(number, Ending.ANSWERED))

    workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    entries = entries_of(path.read_bytes())
    numbers = [entry.number for entry in entries if isinstance(entry, Request)]
    assert sorted(numbers) == list(range(1, 161))
    assert len(entries) == 321


def test_a_full_disk_lets_nothing_more_begin(journal: Journal, path: Path) -> None:
    number = journal.begin(Deed.CREATE_DEVICES, [A])
    before = path.read_bytes()
    fill_the_disk(journal)
    journal.end(Answer(number, Ending.ANSWERED))  # what has happened has happened
    for begin in (
        lambda: journal.begin(Deed.CREATE_DEVICES, [A]),
        lambda: journal.keep([Before(A, LiveDevice("pump", "a"))]),
    ):
        with pytest.raises(JournalError) as caught:
            begin()
        assert str(caught.value) == (
            f"{path}: the journal cannot be written: No space left on device;"
            " nothing is done that is not noted there: mend it, and run again"
        )
    journal.finish(End("failed", {}))
    assert isinstance(journal.fault, JournalError)
    assert path.read_bytes() == before


def test_a_journal_that_somebody_deleted_lets_nothing_begin(journal: Journal, path: Path) -> None:
    journal.begin(Deed.CREATE_DEVICES, [A])
    path.unlink()
    with pytest.raises(JournalError, match="somebody deleted it during the run"):
        journal.begin(Deed.CREATE_DEVICES, [A])


def test_the_file_of_a_run_is_made_once(journal: Journal, tmp_path: Path, path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(JournalError, match="File exists"):
        open_journal(tmp_path, HEAD, now=now)
    assert path.read_bytes() == before


@pytest.mark.parametrize("tail", [b"", b'{"at": "2026-11-23T17:0', b"\0" * 4096])
def test_a_journal_goes_on_behind_its_last_whole_line(
    journal: Journal, tmp_path: Path, path: Path, tail: bytes
) -> None:
    journal.begin(Deed.CREATE_DEVICES, [A])
    journal.close()
    with path.open("ab") as file:
        file.write(tail)
    with reopen_journal(read_stored_run(tmp_path, RUN), now=now) as again:
        again.see(Sight.OURS, [A])
        assert again.begin(Deed.DELETE_DEVICES, [A]) == 2  # no number stands for two requests
        again.finish(End("cut off", {}))
    assert entries_of(path.read_bytes()) == [
        HEAD,
        Request(1, Deed.CREATE_DEVICES, (A,)),
        Seen(Sight.OURS, (A,)),
        Request(2, Deed.DELETE_DEVICES, (A,)),
        End("cut off", {}),  # what request 2 did is open
    ]


def test_a_journal_without_its_last_line_end_goes_on_too(
    journal: Journal, tmp_path: Path, path: Path
) -> None:
    journal.close()
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))
    with reopen_journal(read_stored_run(tmp_path, RUN), now=now) as again:
        again.finish(End("cut off", {}))
    assert entries_of(path.read_bytes()) == [HEAD, End("cut off", {}, settled=True)]


def test_a_journal_that_was_swapped_for_a_link_is_not_gone_on_with(
    journal: Journal, tmp_path: Path, path: Path
) -> None:
    journal.close()
    stored = read_stored_run(tmp_path, RUN)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    before = (tmp_path / "elsewhere").read_bytes()
    with pytest.raises(JournalError, match=r"the journal cannot be written: Too many levels"):
        reopen_journal(stored, now=now)
    assert (tmp_path / "elsewhere").read_bytes() == before
