"""Whatever bytes fleet.yaml has: settings or problems, soon, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from fleetsync.settings.fleet_file import declared_manifests, load_settings
from tests.fuzz.files import broken, lines_of, only_our_errors
from tests.fuzz.size import fuzzed

if TYPE_CHECKING:
    import pytest

GOOD = list(
    lines_of(
        "fleet: x\norg: {id: abc123, domain: example.com, callsPerSecond: 8}\n",
        "fleet: x\norg:\n  url: https://abc123.example.com\n  caFile: ca.pem\n"
        "manifests: [a, 'b/*']\n",
        "fleet: x\norg: {emulator: .fleetsync/org.db}\nprune: false\n"
        "limits: {deletePercent: 10, deleteCount: 3}\n"
        "secrets: {file: secrets/tokens.jsonl, tokens: platform}\n",
    )
)
PIECES = [
    *lines_of(
        "{", "}", "[", "]", ": ", "- ", "\n", "\t", "&a ", "*a", "<<: ", "---\n", "!!x ", '"'
    ),
    *lines_of("http://", "@", ":", "%", "user:pw@", "[::1]", "\0", "no", "-1", "1e400", "../", "~"),
    *lines_of("WIOTP_AUTH_TOKEN: x\n", "authToken: x\n", "\u202e", "9" * 300),
    b"\xff",
]


@fuzzed(200)
@given(data=broken(GOOD, PIECES) | st.binary(max_size=60))
def test_any_bytes_are_settings_or_problems(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "fleet.yaml"
    file.write_bytes(data)
    only_our_errors(lambda: load_settings(file))
    only_our_errors(lambda: declared_manifests(file))
