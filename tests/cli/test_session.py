from __future__ import annotations

from pathlib import Path

import pytest

from fleetsync.cli.options import Options
from fleetsync.cli.session import open_connection
from fleetsync.settings import load_settings

ORGS = ["id: abc123", "url: http://localhost:8080", "emulator: org.db"]


@pytest.mark.parametrize("org", ORGS)
@pytest.mark.parametrize(("more", "calls"), [("", 8), (", callsPerSecond: 3", 3)])
def test_the_quota_of_fleet_yaml_is_that_of_the_connection(
    *, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, org: str, more: str, calls: int
) -> None:
    monkeypatch.setenv("WIOTP_AUTH_KEY", "a-abc123-0123456789")
    monkeypatch.setenv("WIOTP_AUTH_TOKEN", "t0ken-of-the-key!")
    file = tmp_path / "fleet.yaml"
    file.write_text(f"fleet: test\norg: {{{org}{more}}}\n", "utf-8")
    with open_connection(Options(), load_settings(file)) as connection:
        assert connection.calls_per_second == calls
