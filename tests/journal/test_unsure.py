from __future__ import annotations

from pathlib import Path

import pytest

from fleetsync.journal.entry import CUT_OFF, DONE, Answer, Deed, End, Ending, Head
from fleetsync.journal.file import Journal
from fleetsync.journal.folder import open_journal
from fleetsync.journal.unsure import unsure_locations
from fleetsync.model import DeviceKey

RUN = "20261123T170114-1a2b3c4d5e"
ONE, OTHER = DeviceKey("pump", "p-1"), DeviceKey("pump", "p-2")


def begin(folder: Path, run: str = RUN) -> Journal:
    head = Head(run, "apply", "emea", "abc", "sha256:x", "client", {})
    return open_journal(folder, head, now=lambda: "2026-11-23T17:01:14Z")


def request(journal: Journal, deed: Deed, key: DeviceKey, ending: Ending | None) -> None:
    number = journal.begin(deed, [key])
    if ending is not None:
        journal.end(Answer(number, ending))


@pytest.mark.parametrize("ending", [None, Ending.ANSWERED, Ending.UNKNOWN])
def test_a_location_that_was_put_and_not_noted_is_unsure(
    tmp_path: Path, ending: Ending | None
) -> None:
    with begin(tmp_path) as journal:
        request(journal, Deed.PUT_LOCATION, ONE, ending)
        request(journal, Deed.PUT_LOCATION, OTHER, Ending.ANSWERED)
        request(journal, Deed.UPDATE_DEVICE, OTHER, Ending.ANSWERED)
    assert unsure_locations(tmp_path) == {ONE}


@pytest.mark.parametrize("ending", [None, Ending.REFUSED, Ending.UNKNOWN])
def test_one_whose_note_did_not_arrive_is_unsure(tmp_path: Path, ending: Ending | None) -> None:
    with begin(tmp_path) as journal:
        request(journal, Deed.PUT_LOCATION, ONE, Ending.ANSWERED)
        request(journal, Deed.UPDATE_DEVICE, ONE, ending)
        journal.finish(End(CUT_OFF, {}))
    assert unsure_locations(tmp_path) == {ONE}


def test_one_that_was_never_put_is_not(tmp_path: Path) -> None:
    with begin(tmp_path) as journal:
        request(journal, Deed.PUT_LOCATION, ONE, Ending.REFUSED)
        request(journal, Deed.UPDATE_DEVICE, OTHER, Ending.ANSWERED)
    assert unsure_locations(tmp_path) == frozenset()


def test_of_a_run_that_ended_well_none_is(tmp_path: Path) -> None:
    with begin(tmp_path) as journal:
        request(journal, Deed.PUT_LOCATION, ONE, Ending.ANSWERED)
        journal.finish(End(DONE, {}))
    assert unsure_locations(tmp_path) == frozenset()


def test_journals_that_nobody_can_read_name_none(tmp_path: Path) -> None:
    assert unsure_locations(tmp_path) == frozenset()
    with begin(tmp_path) as journal:
        request(journal, Deed.PUT_LOCATION, ONE, Ending.ANSWERED)
    journal.path.write_bytes(journal.path.read_bytes().replace(b"p-1", b"p-7"))
    assert unsure_locations(tmp_path) == frozenset()
    journal.path.write_bytes(b"\n\n")
    assert unsure_locations(tmp_path) == frozenset()
    journal.path.unlink()
    journal.path.mkdir()
    assert unsure_locations(tmp_path) == frozenset()
