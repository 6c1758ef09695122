from __future__ import annotations

from fleetsync.tokens import TokenFile
from fleetsync.tokens.reading import clients_with_token
from tests.tokens.sample import OLD_RUN, OLDER_RUN, line, retired, secrets_file


def test_valid_and_retired_tokens_count_and_broken_lines_do_not() -> None:
    content = line("p-1", "one-token") + retired("p-2", "two-token") + line("p-3", "x")[:40] + b"\n"
    with secrets_file(content) as path:
        assert clients_with_token(path) == {"d:abc123:pump:p-1", "d:abc123:pump:p-2"}
        assert path.read_bytes() == content
        path.unlink()
        assert clients_with_token(path) == frozenset()
        assert not path.exists()


def test_the_last_retired_token_is_that_of_the_newest_run() -> None:
    newest = retired("p-1", "newer-token", run=OLD_RUN)
    content = newest + retired("p-1", "older-token", run=OLDER_RUN)
    with secrets_file(content) as path, TokenFile.open(path, org="abc123") as tokens:
        found = tokens.last_retired("d:abc123:pump:p-1")
        assert found is not None
        assert found.reveal() == "newer-token"
        assert tokens.last_retired("d:abc123:pump:p-2") is None
