from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.model.token import Token
from fleetsync.tokens.line import (
    Entry,
    Mark,
    broken_client_id,
    holds_no_token,
    is_blank,
    parse_line,
    parse_mark,
    render_line,
    render_mark,
)
from tests.tokens.sample import entry, line

WHOLE = (
    b'{"clientId": "d:abc123:pump:p-1", "typeId": "pump", "deviceId": "p-1",'
    b' "authToken": "secret-1", "registeredAt": "2026-11-23T10:00:00Z"}\n'
)
MARK = b'{"compactedBytes": 123, "sha256": "0badcafe"}\n'

ids = st.text("abcXYZ019._-", min_size=1, max_size=36)
entries = st.builds(
    lambda kind, org, type_id, device_id, token, date: Entry(
        f"{kind}:{org}:{type_id}:{device_id}", type_id, device_id, Token(token), date
    ),
    st.sampled_from("dg"),
    ids,
    ids,
    ids,
    st.text(min_size=1),
    st.text(),
)


def test_a_line_has_the_form_of_the_contract() -> None:
    assert render_line(entry("p-1", "secret-1")) == WHOLE


@given(entries)
def test_every_entry_is_read_back_from_its_one_ascii_line(written: Entry) -> None:
    raw = render_line(written)
    assert raw.isascii()
    assert raw.index(b"\n") == len(raw) - 1
    assert parse_line(raw) == written
    assert parse_line(raw.removesuffix(b"\n")) == written


@given(entries, st.data())
def test_no_beginning_of_a_line_is_taken_for_an_entry(written: Entry, data: st.DataObject) -> None:
    raw = render_line(written).removesuffix(b"\n")
    assert parse_line(raw[: data.draw(st.integers(0, len(raw) - 1))]) is None


@given(st.binary())
def test_any_bytes_are_judged_without_an_error(raw: bytes) -> None:
    parse_line(raw)
    parse_mark(raw)
    holds_no_token(raw)
    broken_client_id(raw)


def test_keys_that_fleetsync_does_not_know_and_another_order_do_no_harm() -> None:
    raw = (
        b'{"registeredAt":"","note":[1],"authToken":"secret-1","deviceId":"p-1",'
        b'"typeId":"pump","clientId":"g:abc123:pump:p-1"}'
    )
    expected = Entry("g:abc123:pump:p-1", "pump", "p-1", Token("secret-1"), "")
    assert parse_line(raw) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"p-1",', b'"p-2",'),
        (b'"typeId": "pump"', b'"typeId": "tank"'),
        (b'"d:abc123', b'"x:abc123'),
        (b'"d:abc123:pump:p-1"', b'"d::pump:p-1"'),
        (b'"d:abc123:pump:p-1"', b'"pump:p-1"'),
        (b'"secret-1"', b'""'),
        (b'"secret-1"', b"12345678"),
        (b', "authToken": "secret-1"', b""),
        (b', "registeredAt": "2026-11-23T10:00:00Z"', b""),
        (b"{", b"[{"),
        (b"secret", b"s\xffcret"),
    ],
)
def test_a_line_that_contradicts_itself_or_lacks_something_is_no_entry(
    old: bytes, new: bytes
) -> None:
    assert old in WHOLE
    assert parse_line(WHOLE.replace(old, new)) is None


@pytest.mark.parametrize("raw", [b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000, b"null", b"[]"])
def test_absurd_json_is_no_entry(raw: bytes) -> None:
    assert parse_line(raw) is None


def test_an_entry_that_could_not_be_read_back_is_not_written_and_not_shown() -> None:
    broken = [
        entry("p-1", "secret-1")._replace(device_id="p-2"),
        entry("p-1", "secret-1")._replace(client_id="p-1"),
        entry("p-1", ""),
    ]
    for item in broken:
        with pytest.raises(ValueError, match="does not agree") as caught:
            render_line(item)
        assert "secret-1" not in str(caught.value)


def test_an_entry_knows_its_org() -> None:
    assert entry("p-1", "t").belongs_to("abc123")
    assert not entry("p-1", "t", org="other").belongs_to("abc123")
    assert not entry("p-1", "t", org="abc123:x").belongs_to("abc123")


def test_an_entry_does_not_show_its_token() -> None:
    assert "secret-1" not in repr(entry("p-1", "secret-1"))


def test_a_mark_is_one_line_and_is_read_back() -> None:
    assert render_mark(Mark(123, "0badcafe")) == MARK
    assert parse_mark(MARK) == Mark(123, "0badcafe")


@pytest.mark.parametrize(
    "raw",
    [
        WHOLE,
        MARK[:-2],
        MARK.replace(b"123", b"-1"),
        MARK.replace(b"123", b"true"),
        MARK.replace(b'"0badcafe"', b"1"),
        MARK.replace(b"}", b', "more": 1}'),
    ],
)
def test_nothing_else_is_a_mark(raw: bytes) -> None:
    assert parse_mark(raw) is None


@pytest.mark.parametrize("raw", [b"", b"\n", b" \r\n", b"\t", b"\0\0\0\n"])
def test_empty_lines_and_what_a_power_cut_leaves_are_blank(raw: bytes) -> None:
    assert is_blank(raw)
    assert not is_blank(raw + b"x")


def test_a_beginning_holds_no_token_until_its_token_begins() -> None:
    begins = WHOLE.index(b'"authToken')
    bare = [holds_no_token(WHOLE[:size]) for size in range(1, len(WHOLE))]
    token_key_is_whole = begins + len(b'"authToken') - 1
    assert bare == [True] * token_key_is_whole + [False] * (len(WHOLE) - 1 - token_key_is_whole)


def test_every_beginning_of_a_mark_holds_no_token() -> None:
    assert all(holds_no_token(MARK[:size]) for size in range(1, len(MARK) + 1))


def test_an_end_or_a_middle_may_hold_a_token() -> None:
    ends = [holds_no_token(WHOLE[start:]) for start in range(1, len(WHOLE) - 1)]
    assert ends == [False] * len(ends)
    assert not holds_no_token(b'{"authToken": "secret-1", "clientId": "d:abc')


def test_the_client_id_of_a_broken_line_is_known_once_it_is_whole() -> None:
    ends = WHOLE.index(b'", "typeId')
    assert broken_client_id(WHOLE[:ends]) is None
    assert broken_client_id(WHOLE[: ends + 1]) == "d:abc123:pump:p-1"
    assert broken_client_id(b'{"clientId":"d:abc123:pump:p-1","type') == "d:abc123:pump:p-1"
    assert broken_client_id(b'Id": "d:abc123:pump:p-1", "typeId"') is None


def test_a_sample_line_is_a_rendered_entry() -> None:
    assert line("p-1", "secret-1") == WHOLE
