"""The journals of a folder: found in their order, kept for long enough, led nowhere else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fleetsync.errors import JournalError
from fleetsync.journal.entry import Answer, Deed, End, Ending, Entry, Request, Seen, Sight
from fleetsync.journal.folder import (
    KEPT_RUNS,
    forget_old_runs,
    next_run_id,
    open_journal,
    open_runs,
    read_stored_run,
    run_names,
    run_path,
    set_aside,
)
from fleetsync.journal.plan_copy import drop_plans, find_unfinished, keep_plan
from fleetsync.journal.run_id import new_run_id, run_mark
from tests.journal.drawn import HEAD, RUN, written

END = End("done", {})
OPEN = Request(1, Deed.CREATE_DEVICES, (("pump", "p-1"),))


def store(folder: Path, name: str, *later: Entry) -> Path:
    """Write the journal of a run."""
    path = run_path(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written([HEAD._replace(run=name), *later]))
    return path


def name_of(number: int) -> str:
    return f"20260101T0000{number:02}-00000000{number:02}"


def test_runs_come_the_newest_first_and_other_files_not_at_all(tmp_path: Path) -> None:
    for number in (2, 3, 1):
        path = store(tmp_path, name_of(number), END)
    for name in ("notes.txt", f"{RUN}.plan.json", f"{RUN}.damaged", "x.jsonl", "2026-1.jsonl"):
        path.with_name(name).write_text("{}")
    assert run_names(tmp_path) == [name_of(3), name_of(2), name_of(1)]


def test_a_journal_under_the_name_of_another_run_is_damaged(tmp_path: Path) -> None:
    path = store(tmp_path, name_of(1), END)
    path.rename(run_path(tmp_path, name_of(2)))
    stored = read_stored_run(tmp_path, name_of(2))
    assert (stored.run, stored.damaged) == (None, "it tells of another run than its name says")


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_damage_and_holds_nobody_up(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    path = run_path(tmp_path, RUN)
    path.parent.mkdir(parents=True)
    make(path)
    (stored,) = open_runs(tmp_path)
    assert stored.run is None
    assert stored.damaged
    assert set_aside(stored) == path.with_name(f"{RUN}.damaged")
    assert run_names(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_journal_that_nobody_may_read_stops_the_work(tmp_path: Path) -> None:
    store(tmp_path, RUN).chmod(0)
    with pytest.raises(JournalError, match="Permission denied; make it readable, and run again"):
        list(open_runs(tmp_path))


def _file(place: Path) -> None:
    place.parent.mkdir(exist_ok=True)
    place.write_text("mine")


def _link(place: Path) -> None:
    place.parent.mkdir(exist_ok=True)
    (place.parent / "elsewhere").mkdir()
    place.symlink_to("elsewhere")


def _dangling(place: Path) -> None:
    place.parent.mkdir(exist_ok=True)
    place.symlink_to("nowhere")


@pytest.mark.parametrize("spoil", [_file, _link, _dangling])
@pytest.mark.parametrize("place", [".fleetsync", ".fleetsync/runs"])
def test_a_folder_that_is_none_of_its_own_is_refused(
    tmp_path: Path, spoil: Callable[[Path], None], place: str
) -> None:
    spoil(tmp_path / place)
    before = sorted(tmp_path.rglob("*"))
    for work in (
        lambda: open_journal(tmp_path, HEAD, now=lambda: ""),
        lambda: keep_plan(tmp_path, RUN, []),
        lambda: run_names(tmp_path),
        lambda: next_run_id(tmp_path),
    ):
        with pytest.raises(JournalError, match=r"not a folder of its own|Not a directory"):
            work()
    made = {tmp_path / ".fleetsync" / ".gitignore"}
    assert set(tmp_path.rglob("*")) - set(before) <= made


def test_a_folder_without_runs_has_none(tmp_path: Path) -> None:
    assert list(open_runs(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_cannot_be_begun_leaves_no_file(tmp_path: Path) -> None:
    path = run_path(tmp_path, RUN)
    path.parent.mkdir(parents=True)
    path.with_name(f"{RUN}.plan.json").mkdir()
    with pytest.raises(JournalError, match="the plan cannot be kept there: File exists"):
        keep_plan(tmp_path, RUN, ["{}"])
    path.mkdir()
    with pytest.raises(JournalError, match="the journal cannot be written: File exists"):
        open_journal(tmp_path, HEAD, now=lambda: "")


def test_the_newest_runs_are_kept_and_unsettled_ones_for_ever(tmp_path: Path) -> None:
    total = KEPT_RUNS + 6
    for number in range(total):
        store(tmp_path, name_of(number), *([OPEN] if number == 1 else [END]))
        keep_plan(tmp_path, name_of(number), ["{}"])
    damaged = run_path(tmp_path, name_of(2))
    damaged.write_bytes(b"once upon a time\n")
    aside = set_aside(read_stored_run(tmp_path, name_of(2)))
    broken = run_path(tmp_path, name_of(3))
    broken.write_bytes(b"once upon a time\n")
    newest = [name_of(number) for number in range(total - 1, total - 1 - KEPT_RUNS, -1)]
    kept = [*newest, name_of(4), name_of(3), name_of(1)]
    assert forget_old_runs(tmp_path, but=name_of(4)) == [*kept, name_of(2)]
    assert run_names(tmp_path) == kept
    assert aside.exists()
    assert not run_path(tmp_path, name_of(0)).with_suffix(".plan.json").exists()
    assert forget_old_runs(tmp_path) == [*newest, name_of(3), name_of(1), name_of(2)]


OVER = END._replace(settled=True)
UNKNOWN = Answer(1, Ending.UNKNOWN)


@pytest.mark.parametrize(
    ("name", "later", "is_open"),
    [
        ("over", [OVER], False),
        ("over, with requests", [OPEN, Answer(1, Ending.ANSWERED), OVER], False),
        ("over, as all of it tells", [OPEN, Answer(1, Ending.ANSWERED), END], False),
        ("open at its end", [OPEN, UNKNOWN, END], True),
        ("open, and settled since", [OPEN, UNKNOWN, END, Seen(Sight.GONE, OPEN.names)], False),
        ("cut off", [OPEN], True),
        ("cut off before it began anything", [], True),
    ],
)
def test_only_open_runs_are_looked_at(
    tmp_path: Path, name: str, later: list[Entry], is_open: bool
) -> None:
    store(tmp_path, RUN, *later)
    assert [stored.name for stored in open_runs(tmp_path)] == [RUN] * is_open, name


def test_open_runs_come_the_oldest_first(tmp_path: Path) -> None:
    for number in (3, 1, 2):
        store(tmp_path, name_of(number), OPEN)
    store(tmp_path, name_of(4), OVER)
    store(tmp_path, name_of(0)).write_bytes(b"")  # nothing was begun
    assert [stored.name for stored in open_runs(tmp_path)] == [name_of(n) for n in (1, 2, 3)]


def test_the_word_of_a_last_line_counts_only_where_it_belongs(tmp_path: Path) -> None:
    path = store(tmp_path, RUN, OPEN, UNKNOWN, END)
    other = written([HEAD._replace(run=RUN, fleet="apac"), OVER]).splitlines(keepends=True)
    path.write_bytes(path.read_bytes() + other[-1])
    (stored,) = open_runs(tmp_path)
    assert stored.damaged == "line 5 is not as it was written"


def test_run_ids_stand_in_the_order_of_the_runs_whatever_the_clock_does(tmp_path: Path) -> None:
    assert len({new_run_id() for _ in range(100)}) == 100
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M}"
    assert new_run_id()[:13] >= stamp
    ahead = "20991231T235959-ffffffffff"
    assert new_run_id(after=ahead).startswith("21000101T000000-")
    assert new_run_id(after="99991231T235959-ffffffffff")[:13] >= stamp
    assert new_run_id(after="20999999T999999-ffffffffff")[:13] >= stamp
    store(tmp_path, ahead)
    assert next_run_id(tmp_path) > ahead
    for _ in range(3):
        store(tmp_path, next_run_id(tmp_path))
    assert len(run_names(tmp_path)) == 4


def test_the_mark_of_a_run_is_what_tells_it_from_all_others() -> None:
    assert run_mark("20261123T170114-1a2b3c4d5e") == "1a2b3c4d5e"


def test_the_plan_of_the_newest_run_is_found_as_it_was_kept(tmp_path: Path) -> None:
    assert find_unfinished(tmp_path) is None
    for number in range(3):
        store(tmp_path, name_of(number), OPEN)
        keep_plan(tmp_path, name_of(number), ['{"plan":', f" {number}}}\n"])
    keep_plan(tmp_path, name_of(9), ["{}"])  # its run never began
    found = find_unfinished(tmp_path)
    assert found is not None
    assert found.name == name_of(2)
    assert found.plan_path.read_text() == '{"plan": 2}\n'
    assert found.plan_path.stat().st_mode & 0o777 == 0o600
    drop_plans(tmp_path, but=name_of(1))
    found = find_unfinished(tmp_path)
    assert found is not None
    assert found.name == name_of(1)
    drop_plans(tmp_path)
    assert find_unfinished(tmp_path) is None
    assert run_names(tmp_path) == [name_of(2), name_of(1), name_of(0)]


def test_a_plan_that_cannot_be_copied_whole_is_not_kept(tmp_path: Path) -> None:
    def pieces() -> Iterator[str]:
        yield '{"formatVersion": 1'
        raise OSError(28, "No space left on device")

    with pytest.raises(JournalError, match="No space left on device; nothing was changed"):
        keep_plan(tmp_path, RUN, pieces())
    assert not run_path(tmp_path, RUN).with_suffix(".plan.json").exists()
