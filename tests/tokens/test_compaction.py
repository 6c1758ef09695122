"""The law of the secrets file: stop the world wherever you like, no token is lost."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetsync.tokens import TokenFile, read_tokens
from fleetsync.tokens.compaction import content_span
from fleetsync.tokens.line import Entry, Retired, parse, parse_line
from fleetsync.tokens.mark import Mark, render_mark
from fleetsync.tokens.storage import CHUNK_BYTES
from tests.tokens.faulty import Fault, FaultyStorage, Stopped
from tests.tokens.sample import (
    DATE,
    OLD_RUN,
    OLDER_RUN,
    RUN,
    line,
    open_faulty,
    retired,
    secrets_file,
)

FOREIGN = (
    b'{"registeredAt":"","authToken":"f-%d","deviceId":"f","typeId":"t","clientId":"d:o:t:f"}\n'
)
TORN = (
    b'{"clientId": "d:abc123:pump:lost", "typeId": "pump", "deviceId": "lost", "authToken": "half'
)
RUBBISH = b'oken": "tail-of-a-token", "registeredAt": ""}\n'


class History(NamedTuple):
    """A secrets file as earlier runs left it, and what this run takes out of it."""

    content: bytes
    dropped: frozenset[str]
    retired: frozenset[str]
    kept_runs: frozenset[str] | None

    def parsed(self) -> list[tuple[bytes, Entry | Retired]]:
        return [(raw, found) for raw in self.content.splitlines() if (found := parse(raw))]

    def tokens(self) -> dict[str, Entry]:
        return {one.client_id: one for _, one in self.parsed() if isinstance(one, Entry)}

    def survivors(self) -> dict[str, Entry]:
        gone = self.dropped | self.retired
        return {name: one for name, one in self.tokens().items() if name not in gone}

    def newest_lines(self) -> list[bytes]:
        newest = {one.client_id: raw for raw, one in self.parsed() if isinstance(one, Entry)}
        return [newest[name] for name in self.survivors()]

    def retired_before(self) -> dict[tuple[str, str], Entry]:
        """Give by run and client id what stands there as retired: of several, the first."""
        found: dict[tuple[str, str], Entry] = {}
        for _, one in self.parsed():
            if isinstance(one, Retired):
                found.setdefault((one.stamp.run, one.entry.client_id), one.entry)
        return found

    def retired_after(self) -> dict[tuple[str, str], Entry]:
        valid, tokens = self.survivors(), self.tokens()
        fresh = {(RUN, name): tokens[name] for name in self.retired & tokens.keys() - self.dropped}
        return {
            (run, name): one
            for (run, name), one in {**fresh, **self.retired_before()}.items()
            if self.kept_runs is None or run in {RUN, *self.kept_runs}
            if name not in valid or valid[name].token != one.token
        }

    def precious(self) -> set[bytes]:
        """Give the unreadable lines that may hold a token found nowhere else."""
        lines = self.content.splitlines()
        begun = {raw for raw in lines if TORN.startswith(raw) and b'"authToken' in raw}
        return {raw for raw in lines if raw == RUBBISH.strip()} | set(sorted(begun)[-1:])


@st.composite
def histories(draw: st.DrawFn) -> History:
    names = st.sampled_from(["a", "b", "c", "dd"])
    texts = st.text("xyz", min_size=1, max_size=4)
    ours = st.builds(line, names, texts)
    put_by = st.builds(retired, names, texts, run=st.sampled_from([RUN, OLD_RUN, OLDER_RUN]))
    others = st.one_of(
        st.integers(0, 2).map(lambda number: FOREIGN % number),
        st.sampled_from([RUBBISH, b"\n", TORN + b"\n", b"\0\0\0\n"]),
    )
    lines = draw(st.lists(st.one_of(ours, ours, ours, put_by, others), max_size=7))
    content = b"".join(lines)
    ending = draw(st.sampled_from(["whole", "no line end", "torn"]))
    if ending == "no line end":
        content = content.removesuffix(b"\n")
    if ending == "torn":
        content += TORN[: draw(st.integers(1, len(TORN)))]
    some = st.frozensets(names.map("d:abc123:pump:{}".format))
    kept = st.none() | st.frozensets(st.sampled_from([OLD_RUN, OLDER_RUN])).map({RUN}.union)
    runs = draw(kept)
    return History(content, draw(some), draw(some), None if runs is None else frozenset(runs))


def settle(path: Path, history: History, fault: Fault) -> FaultyStorage:
    """Settle until the end or until the fault; a dead process leaves its storage as it was."""
    storage = FaultyStorage(path, fault)
    tokens = TokenFile(storage, path, org="abc123")
    try:
        tokens.drop(history.dropped)
        tokens.retire(history.retired, run=RUN, at=DATE)
        if history.kept_runs is not None:
            tokens.forget_retired(history.kept_runs)
        tokens.settle()
    except Stopped:
        fault.stopped = True
    return storage


def stops(history: History, *, cut: float) -> Iterator[tuple[Path, FaultyStorage]]:
    """Run once for each step of a whole run, stopped there."""
    for step in range(10_000):
        with secrets_file(history.content) as path:
            fault = Fault(step=step, short=100, cut=cut)
            storage = settle(path, history, fault)
            try:
                if not fault.stopped:
                    return
                yield path, storage
            finally:
                storage.close()


def settled(history: History) -> list[bytes]:
    """Give the lines that an undisturbed run leaves, sorted."""
    with secrets_file(history.content) as path:
        return settled_lines(path, history)


def settled_lines(path: Path, history: History) -> list[bytes]:
    settle(path, history, Fault()).close()
    return sorted(path.read_bytes().splitlines())


def assert_nothing_is_lost(path: Path, history: History) -> None:
    """What survives is readable, what is retired is valid or retired, and nothing is invented."""
    found = read_tokens(path)
    survivors = history.survivors()
    assert {name: found.get(name) for name in survivors} == survivors
    assert found.items() <= history.tokens().items()
    with open_faulty(path, Fault()) as tokens:
        for (run, name), one in history.retired_after().items():
            assert one.token in (tokens.retired(name, run), tokens.known(name))


@settings(max_examples=200, deadline=None)
@given(histories())
def test_settling_leaves_one_line_for_each_token_and_keeps_what_may_hold_one(
    history: History,
) -> None:
    left = settled(history)
    whole = [raw for raw in left if parse_line(raw)]
    assert sorted(whole) == sorted(history.newest_lines())
    put_away = {raw: one for raw in left if isinstance(one := parse(raw), Retired)}
    assert {
        (one.stamp.run, one.entry.client_id): one.entry for one in put_away.values()
    } == history.retired_after()
    rest = {raw for raw in left if raw.strip(b"\0")} - {*whole} - put_away.keys()
    assert rest == history.precious()


@settings(max_examples=40, deadline=None)
@given(histories())
def test_settling_again_changes_nothing(history: History) -> None:
    with secrets_file(history.content) as path:
        settle(path, history, Fault()).close()
        once = path.read_bytes()
        again = Fault()
        settle(path, history, again).close()
        assert (path.read_bytes(), again.calls) == (once, [])


@settings(max_examples=40, deadline=None)
@given(histories(), st.floats(0, 1))
def test_a_run_that_is_killed_at_any_step_loses_no_token(history: History, cut: float) -> None:
    whole = settled(history)
    for path, _ in stops(history, cut=cut):
        assert_nothing_is_lost(path, history)
        assert settled_lines(path, history) == whole


@settings(max_examples=40, deadline=None)
@given(histories(), st.floats(0, 1), st.integers())
def test_a_power_cut_at_any_step_loses_no_token(history: History, cut: float, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - chance, not secrecy
    whole = settled(history)
    for path, storage in stops(history, cut=cut):
        path.write_bytes(storage.after_power_cut(lambda: chance.random() < 0.5))
        assert_nothing_is_lost(path, history)
        # What was being written may be there in parts, which are kept and reported as damage.
        left = b"\n".join(settled_lines(path, history))
        assert all(raw in left for raw in whole)


@settings(max_examples=6, deadline=None)
@given(histories(), st.floats(0, 1), st.floats(0, 1))
def test_a_second_kill_while_mending_the_first_loses_no_token(
    history: History, first: float, second: float
) -> None:
    whole = settled(history)
    for path, _ in stops(history, cut=first):
        after = history._replace(content=path.read_bytes())
        for again, _ in stops(after, cut=second):
            assert_nothing_is_lost(again, history)
            assert settled_lines(again, history) == whole


def test_a_large_file_is_copied_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "tokens.jsonl"
    lines = [line(f"p-{number}", "t" * 24) for number in range(20_000)]
    path.write_bytes(b"".join(lines))
    assert path.stat().st_size > 3 * CHUNK_BYTES
    fault = Fault()
    settle(path, History(b"", frozenset({"d:abc123:pump:p-7"}), frozenset(), None), fault).close()
    assert path.read_bytes() == b"".join(lines[:7] + lines[8:])
    assert fault.calls == ["write"] * 5 + ["sync"] + ["write"] * 4 + ["sync", "truncate", "sync"]


def marked(old: bytes, copy: bytes) -> bytes:
    return old + copy + render_mark(Mark(len(copy), hashlib.sha256(copy).hexdigest()))


@pytest.mark.parametrize(
    ("content", "span"),
    [
        pytest.param(marked(b"old\nnew\n", b"new\n"), (8, 12), id="a whole copy"),
        pytest.param(marked(b"old\n", b""), (4, 4), id="an empty copy"),
        pytest.param(marked(b"old\nnew\n", b"new\n")[:-1], None, id="no line end"),
        pytest.param(marked(b"o\nnew\n", b"new\n").replace(b"new", b"odd"), None, id="changed"),
        pytest.param(marked(b"short\n", b"longer\n"), None, id="longer than what precedes"),
        pytest.param(marked(b"old\nnew\n", b"new\n") + b"more\n", None, id="more after it"),
        pytest.param(b"", None, id="an empty file"),
        pytest.param(b"\n", None, id="an empty line"),
    ],
)
def test_only_a_whole_copy_with_its_mark_at_the_end_counts_as_the_content(
    tmp_path: Path, content: bytes, span: tuple[int, int] | None
) -> None:
    path = tmp_path / "tokens.jsonl"
    path.write_bytes(content)
    storage = FaultyStorage(path, Fault())
    assert content_span(storage) == (span or (0, len(content)))
    storage.close()
