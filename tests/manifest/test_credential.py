from __future__ import annotations

import pytest

from fleetsync.manifest.credential import is_api_key, is_auth_token_name, is_credential_name


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("a-abc123-k0dl0vqqrk", True),
        ("a-main-0123456789", True),
        ("a-abc123-ABCDEFGHIJ", True),
        ("a-left-thermostat", False),
        ("a-abc123-k0dl0vqqr", False),
        ("a-abc123-k0dl0vqqrkk", False),
        ("b-abc123-k0dl0vqqrk", False),
        ("a-abc123-k0dl0vqqrk\n", False),
        ("use a-abc123-k0dl0vqqrk", False),
    ],
)
def test_api_keys(text: str, answer: bool) -> None:
    assert is_api_key(text) is answer


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("authToken", True),
        ("auth-token", True),
        ("auth_token", True),
        ("AUTH TOKEN", True),
        ("authTokens", False),
        ("token", False),
    ],
)
def test_names_of_the_device_token(name: str, answer: bool) -> None:
    assert is_auth_token_name(name) is answer


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("authToken", True),
        ("password", True),
        ("api-key", True),
        ("api_keys", True),
        ("clientSecret", True),
        ("WIOTP_AUTH_TOKEN", True),
        ("credentials", True),
        ("pwd", True),
        ("monkey", False),
        ("tokenizer", False),
        ("serialNumber", False),
        ("", False),
    ],
)
def test_names_that_would_hold_a_credential(name: str, answer: bool) -> None:
    assert is_credential_name(name) is answer
