from __future__ import annotations

import json

import pytest

from fleetsync.api.masking import Mask
from fleetsync.api.refusal import Refusal, refusal_error
from fleetsync.errors import ApiError, CredentialsError

WHAT = "PUT /device/types/pump"


def error_for(status: int, body: object = None, redirect: str | None = None) -> Exception:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return refusal_error(Refusal(WHAT, status, content, redirect), Mask(["s3cret"]))


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (
            400,
            {"message": "CUDRS0007E: bad", "violations": [{"message": "CUDRS0012E: too long"}]},
            f"{WHAT}: the org answered 400: CUDRS0007E: bad; CUDRS0012E: too long (the platform "
            "refuses this request; compare what it says with the manifest)",
        ),
        (
            403,
            {"message": "quota reached"},
            f"{WHAT}: the org answered 403: quota reached (check the API key's role and the org's "
            "quota)",
        ),
        (
            404,
            b"<html>nginx",
            f"{WHAT}: the org answered 404: no error of the platform, for it looks like a web "
            "page; check the org's url (check the org's id or url, and whether somebody has "
            "deleted it meanwhile)",
        ),
        (
            409,
            {},
            f"{WHAT}: the org answered 409: it says nothing more (somebody else has made or "
            "changed the same thing; run again)",
        ),
        (
            500,
            b"",
            f"{WHAT}: the org answered 500: it says nothing more (the org or something before it "
            "is in trouble; run again later)",
        ),
    ],
)
def test_an_error_status_is_told_with_the_platforms_words_and_advice(
    status: int, body: object, text: str
) -> None:
    error = error_for(status, body)
    assert isinstance(error, ApiError)
    assert (str(error), error.status) == (text, status)


def test_the_platforms_words_are_the_detail() -> None:
    error = error_for(409, {"message": "exists", "exception": {"id": "CUDRS0020E"}})
    assert isinstance(error, ApiError)
    assert error.detail == "CUDRS0020E: exists"


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, {"message": "whatever"}, "does not accept the API key and token (401)"),
        (401, b"", "check WIOTP_AUTH_KEY and WIOTP_AUTH_TOKEN"),
        (403, b"", "the org forbids it (403) and does not say why"),
        (403, {}, "check the API key and its role"),
        (403, b"<html>", "no proxy is in the way"),
    ],
)
def test_a_refusal_without_a_reason_is_about_the_credentials(
    status: int, body: object, words: str
) -> None:
    error = error_for(status, body)
    assert isinstance(error, CredentialsError)
    assert words in str(error)


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://login.example.com/sso?token=abc#x", "to https://login.example.com/sso;"),
        ("https://me:pw@evil.example.com/", "to https://evil.example.com/;"),
        ("/elsewhere?key=1", "to /elsewhere;"),
        ("https://evil.example.com/s3cret", "to https://evil.example.com/***;"),
        ("https://[bad", "to an address that cannot be read;"),
        (None, "to nowhere;"),
    ],
)
def test_a_redirect_is_an_error_that_names_where_it_pointed_and_no_secret(
    location: str | None, shown: str
) -> None:
    error = error_for(302, b"", location)
    assert isinstance(error, ApiError)
    assert f"the org redirects (302) {shown}" in error.args[0]


def test_text_of_the_org_is_masked_escaped_and_cut() -> None:
    error = error_for(400, {"message": "s3cret \x1b[31m\n" + "x" * 5000})
    assert isinstance(error, ApiError)
    assert error.detail.startswith("*** \\x1b[31m\\x0axxx")
    assert len(error.detail) == 500
