from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.tokens.line import parse
from fleetsync.tokens.remains import essence, holds_no_token, torn_client_id
from tests.tokens.sample import line, retired

WHOLE = line("p-1", "secret-1")
OTHER = line("q-2", "secret-2")
RETIRED = retired("p-1", "secret-1")
TOKEN_BEGINS = WHOLE.index(b'"authToken') + len(b'"authToken')


@given(st.binary())
def test_any_bytes_are_judged_without_an_error(raw: bytes) -> None:
    holds_no_token(raw)
    torn_client_id(raw)
    essence(raw)


def test_a_beginning_holds_no_token_until_its_token_begins() -> None:
    begins = WHOLE.index(b'"authToken')
    bare = [holds_no_token(WHOLE[:size]) for size in range(1, len(WHOLE))]
    token_key_is_whole = begins + len(b'"authToken') - 1
    assert bare == [True] * token_key_is_whole + [False] * (len(WHOLE) - 1 - token_key_is_whole)


def test_an_end_or_a_middle_may_hold_a_token() -> None:
    ends = [holds_no_token(WHOLE[start:]) for start in range(1, len(WHOLE) - 1)]
    assert ends == [False] * len(ends)
    assert not holds_no_token(b'{"authToken": "secret-1", "clientId": "d:abc')


def test_a_beginning_of_a_retired_line_holds_no_token_until_its_token_begins() -> None:
    begins = RETIRED.index(b'"authToken') + len(b'"authToken')
    assert all(holds_no_token(RETIRED[:size]) for size in range(1, begins))
    assert not any(holds_no_token(RETIRED[:size]) for size in range(begins, len(RETIRED)))


def test_a_beginning_in_compact_form_is_judged_alike() -> None:
    compact = WHOLE.replace(b" ", b"")
    begins = compact.index(b'"authToken') + len(b'"authToken')
    assert all(holds_no_token(compact[:size]) for size in range(1, begins))
    assert torn_client_id(compact[:-20]) == "d:abc123:pump:p-1"


def test_a_line_whose_middle_is_missing_is_never_without_a_token_while_one_is_in_it() -> None:
    """The head of one line and the tail of another, as when a block of the file is lost."""
    for end in range(1, len(WHOLE) - 1):
        for start in range(1, len(OTHER) - 1):
            fused = WHOLE[:end] + OTHER[start:]
            if b"secret-2" in fused and parse(fused) is None:
                assert not holds_no_token(fused)
                assert torn_client_id(fused) != "d:abc123:pump:p-1"


def test_the_client_id_of_a_torn_line_is_known_once_its_token_begins() -> None:
    known = [torn_client_id(WHOLE[:size]) for size in range(len(WHOLE))]
    assert known[:TOKEN_BEGINS] == [None] * TOKEN_BEGINS
    assert set(known[TOKEN_BEGINS:]) == {"d:abc123:pump:p-1"}


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(WHOLE[20:-3], id="a middle"),
        pytest.param(RETIRED[:-9], id="a retired one"),
        pytest.param(WHOLE.replace(b'"p-1",', b'"p-2",')[:-3], id="contradicts itself"),
        pytest.param(WHOLE[:-3] + OTHER, id="two in one"),
        pytest.param(WHOLE[:-30] + b"\xff\xfe", id="not text"),
        pytest.param(WHOLE[:-30] + b"\0\0\0", id="NUL bytes"),
    ],
)
def test_what_may_hold_the_token_of_another_device_is_no_torn_line_of_one(raw: bytes) -> None:
    assert torn_client_id(raw) is None
    assert not holds_no_token(raw)


def test_the_essence_of_a_torn_retired_line_is_a_beginning_of_the_line_it_was_made_from() -> None:
    begins = RETIRED.index(b'"clientId')
    for size in range(begins, len(RETIRED) - 1):
        assert WHOLE.startswith(essence(RETIRED[:size]))
    assert essence(WHOLE) == WHOLE
