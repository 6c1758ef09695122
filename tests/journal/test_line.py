"""A journal that was cut tells less; one that was altered tells nothing at all."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fleetsync.journal.entry import Answer, Deed, End, Ending, Entry, Request, entry_object
from fleetsync.journal.line import (
    FIRST,
    DamagedJournalError,
    read_last_line,
    read_lines,
    write_line,
)
from fleetsync.journal.run import read_run
from tests.journal.drawn import AT, HEAD, JOURNALS, OBJECTS, entries_of, written

SMALL: list[Entry] = [
    HEAD,
    Request(1, Deed.CREATE_DEVICES, (("pump", "p-1"), ("pump", "p-2"))),
    Answer(1, Ending.ANSWERED, failed=(("pump", "p-2"),), words="it exists"),
    End("partly", {"done": 1, "failed": 1}),
]
FILE = written(SMALL)
LINES = FILE.splitlines(keepends=True)
OTHER = written([HEAD._replace(fleet="apac"), *SMALL[1:]]).splitlines(keepends=True)
BLOCK = b"\0" * 4096


def told(data: bytes) -> list[Entry] | None:
    """Give what a journal tells, None if it is damaged."""
    try:
        return entries_of(data)
    except DamagedJournalError:
        return None


def test_a_line_is_an_object_that_a_person_can_read() -> None:
    assert LINES[1] == (
        b'{"at": "2026-11-23T17:00:00Z", "what": "request", "number": 1, "deed": "create devices",'
        b' "names": {"pump": ["p-1", "p-2"]}, "check": "3528b1ad"}\n'
    )


@settings(deadline=None, max_examples=60)
@given(JOURNALS)
def test_whatever_is_written_reads_back_as_it_was(entries: list[Entry]) -> None:
    assert entries_of(written(entries)) == entries


def test_a_journal_cut_anywhere_tells_what_stood_before_the_cut() -> None:
    for cut in range(len(FILE)):
        whole = FILE[:cut].count(b"\n")
        lacks_its_end_alone = FILE[cut : cut + 1] == b"\n"
        assert told(FILE[:cut]) == SMALL[: whole + lacks_its_end_alone], cut


@settings(deadline=None, max_examples=60)
@given(JOURNALS, st.data())
def test_any_journal_cut_anywhere_tells_the_beginning(
    entries: list[Entry], data: st.DataObject
) -> None:
    file = written(entries)
    cut = data.draw(st.integers(0, len(file)))
    found = told(file[:cut])
    assert found is not None
    assert found == entries[: len(found)]
    assert len(found) >= file[:cut].count(b"\n")


def alterations() -> Iterator[bytes]:
    """Alter each byte of the small journal: another one, none, one more, half of its bits."""
    for at, byte in enumerate(FILE):
        before, after = FILE[:at], FILE[at + 1 :]
        others = {byte ^ 1, byte ^ 0x20, byte ^ 0xFF, *b"\n 0\0"} - {byte}
        yield from (before + bytes([other]) + after for other in others)
        yield before + after
        yield from (before + bytes([more, byte]) + after for more in b'\n 0"}\0')


def test_an_altered_byte_is_damage_unless_it_is_the_very_last() -> None:
    for altered in alterations():
        if told(altered) is not None:
            assert altered.startswith(FILE[:-1]), altered
            assert told(altered) in (SMALL, SMALL[:-1]), altered


@settings(deadline=None, max_examples=60)
@given(JOURNALS, st.data())
def test_no_alteration_of_any_journal_tells_another_story(
    entries: list[Entry], data: st.DataObject
) -> None:
    file = bytearray(written(entries))
    at = data.draw(st.integers(0, len(file) - 1))
    cut = data.draw(st.integers(0, 20))
    file[at : at + cut] = data.draw(st.binary(max_size=20))
    found = told(bytes(file))
    assert found is None or found == entries[: len(found)]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("two lines swapped", [LINES[0], LINES[2], LINES[1], LINES[3]]),
        ("a line left out", [LINES[0], LINES[1], LINES[3]]),
        ("the first line left out", LINES[1:]),
        ("a line twice", [LINES[0], LINES[1], LINES[1], *LINES[2:]]),
        ("a line of another journal", [LINES[0], OTHER[1], *LINES[2:]]),
        ("the last line of another journal", [*LINES[:3], OTHER[3]]),
        ("the head of another journal", [OTHER[0], *LINES[1:]]),
        ("another journal behind it", [*LINES, *OTHER]),
        ("an empty line", [LINES[0], b"\n", *LINES[1:]]),
        ("an empty last line", [*LINES, b"\n"]),
        ("line ends of another system", [line[:-1] + b"\r\n" for line in LINES]),
        ("a mark of the encoding", [b"\xef\xbb\xbf", *LINES]),
        ("something else behind it", [*LINES, b"{}"]),
        ("text behind it", [*LINES, b"more\n"]),
        ("a block of zeros within", [*LINES[:2], BLOCK, *LINES[2:]]),
        ("a block of zeros and the rest of a line", [*LINES[:3], BLOCK, LINES[3][5:]]),
        ("a zero for a byte", [*LINES[:3], b"\0" + LINES[3][1:]]),
        ("no journal", [b"once upon a time\n"]),
        ("a page", [b"<html>\n", b"</html>\n"]),
    ],
)
def test_what_no_stop_explains_is_damage(name: str, lines: list[bytes]) -> None:
    assert told(b"".join(lines)) is None, name


@pytest.mark.parametrize(
    "tail",
    [
        b'{"at": "2026-11-23T17:0',
        b"{",
        BLOCK,
        b'{"at": "2026' + BLOCK,
    ],
)
def test_what_a_power_cut_leaves_at_the_end_is_passed_over(tail: bytes) -> None:
    assert told(FILE + tail) == SMALL
    assert told(LINES[0] + tail) == SMALL[:1]


def test_damage_is_told_with_its_line() -> None:
    with pytest.raises(DamagedJournalError, match=r"^line 3 is not as it was written$"):
        entries_of(FILE.replace(b"it exists", b"it exits"))


def test_a_line_end_that_an_editor_took_away_is_not_missed() -> None:
    assert told(FILE.removesuffix(b"\n")) == SMALL


HOSTILE = st.binary(max_size=300) | st.lists(OBJECTS, max_size=4).map(
    lambda lines: b"".join(json.dumps(line).encode() + b"\n" for line in lines)
)


@settings(deadline=None, max_examples=60)
@given(HOSTILE)
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
@example(b"1" * 100_000)
@example(b'{"check": ' + b"9" * 10_000 + b"}\n")
def test_reading_ends_in_a_run_or_in_damage(data: bytes) -> None:
    with suppress(DamagedJournalError):
        assert read_run(io.BytesIO(data)) is None


WORDS = """at run command fleet org plan tokens counts undoes number deed names known ending failed
untold words name live location located gateway fields kind sight ended settled check"""
KEYS = st.sampled_from(WORDS.split())
KINDS = st.sampled_from(["run", "request", "answer", "before", "seen", "end", "more", 1, None])
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)
ODD_LINES = st.builds(
    lambda kind, rest: {"at": "2026", "what": kind, **rest},
    KINDS,
    st.dictionaries(KEYS, ODD, max_size=6),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(ODD_LINES, max_size=3))
@example([{"what": "before", "name": ["t", "d"], "live": {"registration": 7}, "kind": "device"}])
@example([{"what": "before", "name": ["t", "d"], "location": [10**400, 0], "live": {}}])
@example([{"what": "before", "name": ["t"], "live": {}, "kind": "device"}])
@example([{"what": "before", "name": ["t", None], "live": {"type_id": "t"}, "kind": "type"}])
@example([{"what": ["run"]}])
def test_lines_that_vouch_for_nonsense_end_in_damage_too(lines: list[dict[str, Any]]) -> None:
    file, check = b"", FIRST
    for line in [{"at": AT, **entry_object(HEAD)}, *lines]:
        raw, check = write_line({key: each for key, each in line.items() if key != "check"}, check)
        file += raw
    with suppress(DamagedJournalError):
        run = read_run(io.BytesIO(file))
        assert run is not None
        assert run.length == len(file)


def test_a_line_tells_where_it_ends() -> None:
    assert [line.end for line in read_lines(io.BytesIO(FILE))] == [
        len(b"".join(LINES[:count])) for count in range(1, 5)
    ]


@settings(deadline=None, max_examples=60)
@given(JOURNALS)
def test_the_last_line_vouches_for_itself(entries: list[Entry]) -> None:
    file = written([HEAD, *entries])
    assert read_last_line(file) == json.loads(file.splitlines()[-1])
    assert read_last_line(file[1:]) == read_last_line(file)
    assert read_last_line(file[:-5]) is None
    assert read_last_line(file.replace(b'", "what"', b'0", "what"')) is None


@pytest.mark.parametrize("tail", [b"", b"\n", b"{}", b"{}\n{}\n", FILE[:50], b"\xff\n" + LINES[1]])
def test_what_is_no_last_line_is_not_taken_for_one(tail: bytes) -> None:
    assert read_last_line(tail) is None
