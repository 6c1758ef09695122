from __future__ import annotations

import re
from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.api.masking import MAX_SHOWN, Mask, mask_of
from fleetsync.model.credentials import Credentials

SECRETS = st.text(min_size=4, max_size=40)


def test_secrets_are_replaced_by_stars() -> None:
    assert Mask(["s3cret"]).show("the token s3cret is bad") == "the token *** is bad"


def test_a_secret_inside_another_one_does_not_leave_the_rest_of_it() -> None:
    assert Mask(["abcd", "abcd-efgh"]).show("abcd-efgh abcd") == "*** ***"


def test_control_characters_and_line_breaks_are_escaped() -> None:
    assert Mask().show("a\x1b[31m\nb\u202ec") == "a\\x1b[31m\\x0ab\\u202ec"


def test_long_texts_are_cut() -> None:
    assert Mask().show("x" * 10_000) == "x" * (MAX_SHOWN - 3) + "..."


def test_a_mask_with_more_secrets_keeps_the_old_ones() -> None:
    mask = Mask(["first-one"]).adding(["second-one"])
    assert mask.show("first-one second-one") == "*** ***"


def test_a_mask_does_not_show_what_it_hides() -> None:
    assert "s3cret" not in repr(Mask(["s3cret"]))


@pytest.mark.parametrize(
    "echo",
    [
        "a-abc-1234567890",
        "to ken+/=",
        quote("to ken+/=", safe=""),
        "to+ken%2B%2F%3D",
        b64encode(b"a-abc-1234567890:to ken+/=").decode(),
    ],
)
def test_credentials_are_hidden_in_every_form_they_travel_in(echo: str) -> None:
    mask = mask_of(Credentials("a-abc-1234567890", "to ken+/="))
    assert mask.show(f"<{echo}>") == "<***>"


def test_no_credentials_need_no_mask() -> None:
    assert mask_of(None).show("plain") == "plain"


@given(st.lists(SECRETS, max_size=3), st.lists(st.text()), st.data())
def test_no_text_shows_a_secret(secrets: list[str], parts: list[str], data: st.DataObject) -> None:
    mixed = data.draw(st.permutations([*secrets, *parts]))
    shown = Mask(secrets).show("".join(mixed))
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u202e]", shown)
    assert len(shown) <= MAX_SHOWN
    # What the stars themselves, or their neighbours, spell is nobody's secret.
    pieces = shown.split("***")
    assert not any(secret in piece for secret in secrets for piece in pieces)
