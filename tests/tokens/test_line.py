from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.model.token import Token
from fleetsync.tokens.line import (
    Entry,
    Retired,
    Stamp,
    is_blank,
    parse,
    parse_line,
    render_line,
    render_retired,
)
from tests.tokens.sample import DATE, RUN, entry, line

WHOLE = (
    b'{"clientId": "d:abc123:pump:p-1", "typeId": "pump", "deviceId": "p-1",'
    b' "authToken": "secret-1", "registeredAt": "2026-11-23T10:00:00Z"}\n'
)
RETIRED = (
    b'{"retired": {"run": "20261123T100000-0123456789", "retiredAt": "2026-11-23T10:00:00Z",'
    b' "clientId": "d:abc123:pump:p-1", "typeId": "pump", "deviceId": "p-1",'
    b' "authToken": "secret-1", "registeredAt": "2026-11-23T10:00:00Z"}}\n'
)
STAMP = Stamp(RUN, DATE)

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
    parse(raw)


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
        (b'"secret-1"', b'"secret-1", "authToken": "secret-2"'),
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


@pytest.mark.parametrize("raw", [b"", b"\n", b" \r\n", b"\t", b"\0\0\0\n"])
def test_empty_lines_and_what_a_power_cut_leaves_are_blank(raw: bytes) -> None:
    assert is_blank(raw)
    assert not is_blank(raw + b"x")


def test_a_sample_line_is_a_rendered_entry() -> None:
    assert line("p-1", "secret-1") == WHOLE


def test_a_retired_line_has_the_form_of_the_readme() -> None:
    assert render_retired(WHOLE, entry("p-1", "secret-1"), STAMP) == RETIRED
    assert parse(RETIRED) == Retired(entry("p-1", "secret-1"), STAMP)


def test_a_retired_line_is_no_valid_one_and_has_neither_client_id_nor_token_on_its_top() -> None:
    assert parse_line(RETIRED) is None
    assert json.loads(RETIRED).keys() == {"retired"}


@given(entries, st.text(), st.text())
def test_every_retired_entry_is_read_back_from_its_one_ascii_line(
    written: Entry, run: str, at: str
) -> None:
    raw = render_retired(render_line(written), written, Stamp(run, at))
    assert raw.isascii()
    assert raw.index(b"\n") == len(raw) - 1
    assert parse(raw) == Retired(written, Stamp(run, at))


@given(entries, st.data())
def test_no_beginning_of_a_retired_line_is_taken_for_anything(
    written: Entry, data: st.DataObject
) -> None:
    raw = render_retired(render_line(written), written, STAMP).removesuffix(b"\n")
    assert parse(raw[: data.draw(st.integers(0, len(raw) - 1))]) is None


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        pytest.param(b"}", b', "note": "\xc3\xa9"}', b'"note": "\xc3\xa9"', id="another key"),
        pytest.param(b'{"', b'  {"', b"", id="blanks in front"),
        pytest.param(b'{"', b'\xef\xbb\xbf{"', b"", id="a byte order mark"),
        pytest.param(b"\n", b"\r\n", b"", id="a carriage return"),
        pytest.param(b'{"', b'\0\0{"', b"", id="NUL bytes in front"),
        pytest.param(b"}", b', "run": "mine"}', b"", id="a key like ours"),
        pytest.param(b"}", b', "retiredAt": 1}', b"", id="another key like ours"),
    ],
)
def test_an_odd_line_is_retired_with_its_token_and_with_what_else_it_says(
    old: bytes, new: bytes, kept: bytes
) -> None:
    odd = WHOLE.replace(old, new, 1)
    raw = render_retired(odd, entry("p-1", "secret-1"), STAMP)
    assert parse(raw) == Retired(entry("p-1", "secret-1"), STAMP)
    assert kept in raw
    assert raw.index(b"\n") == len(raw) - 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"run"', b'"ran"'),
        (b'"retiredAt"', b'"at"'),
        (b'"run": "20261123T100000-0123456789"', b'"run": 7'),
        (b'"p-1",', b'"p-2",'),
        (b'"authToken": "secret-1"', b'"authToken": ""'),
        (b'{"retired"', b'{"removed"'),
        (b"{", b"[{"),
    ],
)
def test_a_retired_line_that_lacks_something_is_nothing(old: bytes, new: bytes) -> None:
    assert old in RETIRED
    assert parse(RETIRED.replace(old, new, 1)) is None


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_line_in_another_encoding_is_no_entry(encoding: str) -> None:
    assert parse(WHOLE.decode().encode(encoding)) is None
