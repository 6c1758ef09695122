from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.lock.record import Record, create_lock_body, parse_lock, update_lock_body
from fleetsync.model import JSON
from fleetsync.model.key import ID_PATTERN

NONCE = "0123456789abcdef"
HELD = Record(
    fleet="emea-sensors",
    owner="ci-17, process 4242",
    run="20261123T170114-1a2b3c4d5e",
    nonce=NONCE,
    expires=1795453874.123,
    claims=("fleetsync-lock-00000000000000aa",),
)
METADATA: dict[str, JSON] = {
    "fleet": "emea-sensors",
    "owner": "ci-17, process 4242",
    "run": "20261123T170114-1a2b3c4d5e",
    "expires": "2026-11-23T17:11:14.123Z",
    "nonce": NONCE,
    "claims": "fleetsync-lock-00000000000000aa",
}
BODY: dict[str, JSON] = {
    "id": "fleetsync-lock",
    "classId": "Device",
    "description": (
        "fleetsync holds this while an apply changes the org. It goes away by itself; delete it by"
        " hand only if no apply is at work."
    ),
    "metadata": METADATA,
}


def test_a_lock_says_in_the_org_what_a_person_needs() -> None:
    assert create_lock_body("fleetsync-lock", HELD) == BODY
    assert update_lock_body(HELD) == {key: BODY[key] for key in ("description", "metadata")}


def test_a_lock_is_read_back_with_the_stamps_of_the_org_in_both_their_forms() -> None:
    stamps: dict[str, JSON] = {
        "createdDateTime": "2026-11-23T17:01:14+00:00",
        "updatedDateTime": "2026-11-23T17:01:14.500Z",
    }
    found = parse_lock(BODY | stamps)
    assert found == HELD._replace(created=1795453274.0, updated=1795453274.5)


def test_its_holder_is_told_on_one_line() -> None:
    assert str(HELD) == (
        "fleet emea-sensors, ci-17, process 4242, run 20261123T170114-1a2b3c4d5e,"
        " expires 2026-11-23T17:11:14Z"
    )
    assert str(Record()) == "it does not say for which fleet, no expiry"


def test_hostile_words_are_shown_harmlessly_and_cut() -> None:
    assert str(Record(fleet="a\x1b[2J\n", owner="o" * 500)) == (
        f"fleet a\\x1b[2J\\x0a, {'o' * 80}, no expiry"
    )


def test_the_claim_on_a_lock_has_an_id_of_its_own() -> None:
    assert HELD.claim == f"fleetsync-lock-{NONCE}"
    assert ID_PATTERN.fullmatch(HELD.claim)


@pytest.mark.parametrize("nonce", ["", "../x", "A" * 16, "0" * 17, "0123456789abcde\n"])
def test_a_nonce_that_is_none_of_ours_gives_an_id_all_the_same(nonce: str) -> None:
    one, other = Record(nonce=nonce), Record(nonce=nonce, fleet="x")
    assert one.claim != other.claim
    assert all(ID_PATTERN.fullmatch(each.claim) for each in (one, other))


def test_only_types_that_are_claims_are_taken_for_claims() -> None:
    words = "pump fleetsync-lock fleetsync-lock-00000000000000aa fleetsync-lock-../x"
    found = parse_lock({"metadata": {"claims": words}})
    assert found.claims == ("fleetsync-lock-00000000000000aa",)


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=40),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below),
    max_leaves=6,
)
KEYS = [*METADATA, "metadata", "createdDateTime", "updatedDateTime"]


@given(anything | st.dictionaries(st.sampled_from(KEYS), anything), anything)
def test_whatever_the_org_answers_it_is_read_and_shown(body: Any, metadata: Any) -> None:
    whole = {**body, "metadata": metadata} if isinstance(body, dict) else body
    found = parse_lock(whole)
    assert "\n" not in str(found)
    assert ID_PATTERN.fullmatch(found.claim)
    assert len(found.claims) <= 8


@given(
    st.sampled_from(["", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-13-01"])
    | st.text(alphabet="0123456789-:TZ+.", max_size=30)
)
def test_any_time_is_a_time_or_none(text: str) -> None:
    found = parse_lock({"metadata": {"expires": text}})
    assert str(found)
