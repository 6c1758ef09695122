"""What a run has left open, and what it has changed."""

from __future__ import annotations

import io

import pytest

from fleetsync.journal.entry import (
    CUT_OFF,
    ROTATE,
    Aim,
    Answer,
    Before,
    Deed,
    End,
    Ending,
    Entry,
    Name,
    Request,
    Seen,
    Sight,
    entry_object,
)
from fleetsync.journal.line import FIRST, DamagedJournalError, write_line
from fleetsync.journal.run import Run, read_run
from fleetsync.model import LiveDeviceType
from tests.journal.drawn import AT, HEAD, written

A: Name = ("pump", "a")
B: Name = ("pump", "b")
CREATE = Request(1, Deed.CREATE_DEVICES, (A, B))
DELETE = Request(1, Deed.DELETE_DEVICES, (A, B))
END = End("done", {})


def run_of(*later: Entry) -> Run:
    run = read_run(io.BytesIO(written([HEAD, *later])))
    assert run is not None
    return run


OPEN: list[tuple[str, list[Entry], list[Name], list[Name]]] = [
    ("no answer", [CREATE], [A, B], [A, B]),
    ("an answer", [CREATE, Answer(1, Ending.ANSWERED)], [], [A, B]),
    ("a failed item", [CREATE, Answer(1, Ending.ANSWERED, failed=(A,))], [], [B]),
    ("an untold item", [CREATE, Answer(1, Ending.ANSWERED, untold=(A,))], [A], [A, B]),
    ("an unknown outcome", [CREATE, Answer(1, Ending.UNKNOWN)], [A, B], [A, B]),
    ("a refusal", [CREATE, Answer(1, Ending.REFUSED)], [], []),
    ("nothing sent", [CREATE, Answer(1, Ending.UNSENT)], [], []),
    ("ours", [CREATE, Seen(Sight.OURS, (A,))], [B], [A, B]),
    ("another's", [CREATE, Seen(Sight.ANOTHERS, (A,))], [B], [B]),
    ("gone", [CREATE, Seen(Sight.GONE, (A, B))], [], []),
    ("its token unknown", [CREATE, Seen(Sight.TOKENLESS, (A,))], [B, A], [A, B]),
    ("seen twice", [CREATE, Seen(Sight.GONE, (A, B)), Seen(Sight.OURS, (A,))], [], [A]),
]


@pytest.mark.parametrize(("name", "later", "unsettled", "changed"), OPEN)
def test_a_create_is_open_until_somebody_knows(
    name: str, later: list[Entry], unsettled: list[Name], changed: list[Name]
) -> None:
    run = run_of(*later, END)
    assert run.unsettled(Deed.CREATE_DEVICES) == unsettled, name
    assert run.changed(Deed.CREATE_DEVICES) == changed, name
    assert run.is_settled is (unsettled == []), name
    assert not run_of(*later).is_settled, name


@pytest.mark.parametrize(
    ("sight", "changed"),
    [(Sight.GONE, [A, B]), (Sight.THERE, [B]), (Sight.ANOTHERS, [B])],
)
def test_a_delete_is_open_until_somebody_looks(sight: Sight, changed: list[Name]) -> None:
    run = run_of(DELETE, Seen(sight, (A,)), END)
    assert run.unsettled(Deed.DELETE_DEVICES) == [B]
    assert run.changed(Deed.DELETE_DEVICES) == changed


CREATE_AGAIN = Request(2, Deed.CREATE_DEVICES, (A, B))
GONE = Seen(Sight.GONE, (A, B))
UNREGISTERED: list[tuple[str, list[Entry], list[Name]]] = [
    ("nothing asked", [Aim((A, B))], []),
    ("a delete without an answer", [DELETE], [A, B]),
    ("a delete that was not sent", [DELETE, Answer(1, Ending.UNSENT)], []),
    ("a delete that was refused", [DELETE, Answer(1, Ending.REFUSED)], [A, B]),
    ("still there", [DELETE, Seen(Sight.THERE, (A,))], [B]),
    ("gone", [DELETE, Answer(1, Ending.ANSWERED), GONE], [A, B]),
    ("a create without an answer", [DELETE, GONE, CREATE_AGAIN], [A, B]),
    ("a create", [DELETE, GONE, CREATE_AGAIN, Answer(2, Ending.ANSWERED)], []),
    (
        "a create of one of two",
        [DELETE, GONE, CREATE_AGAIN, Answer(2, Ending.ANSWERED, failed=(A,))],
        [A],
    ),
    (
        "a create that does not tell",
        [DELETE, GONE, CREATE_AGAIN, Answer(2, Ending.ANSWERED, untold=(B,))],
        [B],
    ),
    ("a create that was refused", [DELETE, GONE, CREATE_AGAIN, Answer(2, Ending.REFUSED)], [A, B]),
    (
        "a create of an unknown end that was looked after",
        [DELETE, GONE, CREATE_AGAIN, Answer(2, Ending.UNKNOWN), Seen(Sight.RENEWED, (A,))],
        [B],
    ),
    (
        "removed once more, for its token is lost",
        [DELETE, GONE, CREATE_AGAIN, Answer(2, Ending.ANSWERED), Seen(Sight.GONE, (A,))],
        [A],
    ),
    (
        "somebody else's by now",
        [DELETE, GONE, CREATE_AGAIN, Answer(2, Ending.REFUSED), Seen(Sight.ANOTHERS, (A, B))],
        [],
    ),
]


@pytest.mark.parametrize(("name", "later", "unregistered"), UNREGISTERED)
def test_a_rotation_is_open_until_what_it_deleted_is_registered_again(
    name: str, later: list[Entry], unregistered: list[Name]
) -> None:
    run = read_run(io.BytesIO(written([HEAD._replace(command=ROTATE), *later, END])))
    assert run is not None
    assert run.unregistered == unregistered, name
    assert not (unregistered and run.is_settled)
    assert run_of(*later, END).unregistered == []  # an apply means to delete what it deletes


def test_what_was_seen_before_tells_nothing_of_a_later_request() -> None:
    again = Request(2, Deed.CREATE_DEVICES, (A,))
    run = run_of(CREATE, Seen(Sight.GONE, (A, B)), again)
    assert run.unsettled(Deed.CREATE_DEVICES) == [A]
    assert run.changed(Deed.CREATE_DEVICES) == [A]


def test_an_update_afterwards_leaves_what_was_seen() -> None:
    run = run_of(CREATE, Seen(Sight.OURS, (A, B)), Request(2, Deed.UPDATE_DEVICE, (A,)), END)
    assert run.is_settled


def test_of_two_records_the_first_tells_what_was_there_before() -> None:
    first = Before(("pump", None), LiveDeviceType("pump", description="old"))
    second = Before(("pump", None), LiveDeviceType("pump", description="new"))
    assert run_of(first, second).befores == {("pump", None): first}


def test_a_run_tells_when_it_ended_and_when_it_was_settled() -> None:
    def times(*later: Entry) -> tuple[str | None, str | None]:
        check, file = FIRST, b""
        for minute, entry in enumerate([HEAD, *later]):
            line = {"at": f"2026-11-23T17:0{minute}:00Z", **entry_object(entry)}
            raw, check = write_line(line, check)
            file += raw
        run = read_run(io.BytesIO(file))
        assert run is not None
        return run.ended_at, run.settled_at

    cut_off = End(CUT_OFF, {})
    assert times(CREATE) == (None, None)
    assert times(CREATE, END) == ("2026-11-23T17:02:00Z", None)
    assert times(CREATE, Seen(Sight.OURS, (A,)), END) == ("2026-11-23T17:03:00Z", None)
    assert times(END, Seen(Sight.OURS, (A,))) == ("2026-11-23T17:01:00Z", "2026-11-23T17:02:00Z")
    assert times(CREATE, Seen(Sight.OURS, (A,))) == (None, None)
    assert times(CREATE, cut_off) == ("2026-11-23T17:02:00Z", "2026-11-23T17:02:00Z")


@pytest.mark.parametrize("entries", [[CREATE], [HEAD, CREATE, HEAD], [END, HEAD]])
def test_a_journal_begins_with_what_the_run_set_out_to_do(entries: list[Entry]) -> None:
    with pytest.raises(DamagedJournalError, match="begin with what the run set out to do"):
        read_run(io.BytesIO(written(entries)))


@pytest.mark.parametrize("line", [{"what": "end"}, {"at": 7, "what": "end"}, {"at": "", "what": 7}])
def test_a_line_of_an_unknown_kind_is_damage(line: dict[str, object]) -> None:
    whole = written([HEAD])
    head_check = whole[-11:-3].decode()
    raw, _ = write_line(line, head_check)
    with pytest.raises(DamagedJournalError, match=r"^line 2 is of a kind that this version"):
        read_run(io.BytesIO(whole + raw))


def test_an_empty_journal_tells_of_no_run() -> None:
    assert read_run(io.BytesIO(b"")) is None
    assert read_run(io.BytesIO(written([HEAD])[:-3])) is None
    assert run_of().started_at == AT


@pytest.mark.parametrize("ending", [Ending.ANSWERED, Ending.REFUSED, Ending.UNKNOWN])
def test_an_answer_does_not_settle_a_delete_that_nobody_could_look_at(ending: Ending) -> None:
    answered = Answer(DELETE.number, ending)
    assert run_of(DELETE, answered, END).unsettled(Deed.DELETE_DEVICES) == [A, B]
    assert run_of(DELETE, answered, Seen(Sight.GONE, (A, B)), END).is_settled
