"""Give every test of faults the credentials that a user has in the environment."""

from __future__ import annotations

import pytest

from tests.faults.rig import API_TOKEN
from tests.world import KEY


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIOTP_AUTH_KEY", KEY.key)
    monkeypatch.setenv("WIOTP_AUTH_TOKEN", API_TOKEN)
