from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.manifest.complaint import Complaints
from fleetsync.manifest.table import Table


def read(data: bytes) -> tuple[list[tuple[int, list[str]]], list[str]]:
    complaints = Complaints("f.csv")
    table = Table(data, "f.csv", complaints)
    rows = [(row.line, row.cells) for row in table.rows()] if table.whole else []
    return rows, list(map(str, complaints.problems()))


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b"a,b\n1,2\n", [(2, ["1", "2"])]),
        (b"a,b\n1,2", [(2, ["1", "2"])]),
        (b"a,b\r\n1,2\r\n", [(2, ["1", "2"])]),
        (b"\xef\xbb\xbfa,b\n1,2\n", [(2, ["1", "2"])]),
        (b'\xef\xbb\xbf"a",b\n1,2\n', [(2, ["1", "2"])]),
        (b"a,b\n\n\n1,2\n\n", [(4, ["1", "2"])]),
        (b"\n\na,b\n1,2\n", [(4, ["1", "2"])]),
        (b"a,b\n,\n", [(2, ["", ""])]),
        (b'a,b\n"1","2"\n', [(2, ["1", "2"])]),
        (b'a,b\n"1,5","say ""no"""\n3,4\n', [(2, ["1,5", 'say "no"']), (3, ["3", "4"])]),
        (b'a,b\n"","x\n\ny"\n3,4\n', [(2, ["", "x\n\ny"]), (5, ["3", "4"])]),
        (b'a,b\r\n"x\r\ny",z\r\n', [(2, ["x\ny", "z"])]),
        ("a,b\n ü ,\t\n".encode(), [(2, [" ü ", "\t"])]),
        (b"a\nx\n\ny\n", [(2, ["x"]), (4, ["y"])]),
        (b"a,b\n=1+1,@x\n", [(2, ["=1+1", "@x"])]),
        (b"a,b\n", []),
    ],
)
def test_rows_are_read_with_their_lines(data: bytes, rows: list[tuple[int, list[str]]]) -> None:
    assert read(data) == (rows, [])


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"a,b\n1,\xff\n", "f.csv:2:3: the byte 0xff is not UTF-8: save the file as UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "f.csv:1:1: this is UTF-16 or UTF-32, not UTF-8: "),
        (b'a,b\n1,x"y\n', "f.csv:2:4: a quote stands inside a cell without quotes: "),
        (b'a,b\n1, "y"\n', "f.csv:2:4: a quote stands inside a cell without quotes: "),
        (b'a,b\n"1" ,2\n', "f.csv:2:4: after a closing quote comes a comma or the line's end: "),
        (b'a,b\n1,"x\n"y\n', "f.csv:3:2: after a closing quote comes a comma or the line's end: "),
        (b'a,b\n1,"2\n3,4\n', "f.csv:2:3: the quote that opens here is never closed: "),
        (b'a,b\n"x\ny",2,3\n', "f.csv:3:6: this row has 3 cells, and the header 2: "),
        (b'a,b\n"x\ny"\n', "f.csv:2:1: this row has 1 cell, and the header 2: "),
        (b"a,b\n1,\xef\xbb\xbf2\n", "f.csv:2:3: the control character \\ufeff must not stand"),
        (b"a,b\n1,\xc2\x9b\n", "f.csv:2:3: the control character \\x9b must not stand in a cell"),
        (b"a,b\n1\r,2\n", "f.csv:2:2: a carriage return stands inside the line: "),
        (b"a,b\n1,2\r\r\n", "f.csv:2:4: a carriage return stands inside the line: "),
    ],
)
def test_what_is_wrong_is_told_at_its_place(data: bytes, problem: str) -> None:
    (found,) = read(data)[1]
    assert found.startswith(problem)


def test_the_rows_after_a_wrong_one_are_read() -> None:
    rows, found = read(b'a,b\n1,"x"y\n1\n5,6\n')
    assert rows == [(4, ["5", "6"])]
    assert len(found) == 2


def test_a_hundred_problems_are_told_and_the_rest_is_counted() -> None:
    found = read(b"a,b\n" + b"1\n" * 100_000)[1]
    assert len(found) == 100
    assert found[-1].startswith("f.csv:101:2: this row has 1 cell, and the header 2: ")
    assert found[-1].endswith(" (and 99,900 more problems in this file)")


def test_a_quote_that_never_closes_gives_up_before_the_cell_is_as_large_as_the_file() -> None:
    data = b'a,b\n1,"' + b"x\n" * 400_000 + b'",2\n'
    (found,) = read(data)[1]
    assert found.startswith("f.csv:2:3: the quote that opens here is never closed")


cells = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff")
    | st.sampled_from('",\n\t'),
    max_size=8,
).filter(lambda text: not any(each in text for each in "\ufffe\uffff"))


@given(
    st.lists(st.lists(cells, min_size=3, max_size=3), max_size=5), st.sampled_from(["\n", "\r\n"])
)
def test_what_python_writes_is_read_back(rows: list[list[str]], end: str) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator=end)
    writer.writerows([["a", "b", "c"], *rows])
    found, wrong = read(buffer.getvalue().encode())
    assert ([row for _, row in found], wrong) == (rows, [])
