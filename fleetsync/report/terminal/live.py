"""Draw how far an apply is, from the events that it tells: values in, lines out."""

from __future__ import annotations

from typing import NamedTuple

from fleetsync.escape import shown
from fleetsync.model import Kind
from fleetsync.report.event import Facts
from fleetsync.report.terminal.cells import clipped, padded
from fleetsync.report.words import counted_kind, duration

_LAST = 5
_LAST_FAILED = 3
"""So many outcomes are shown: the newest, those that failed first."""
_BAR_CELLS = 20
_FEWEST_FOR_BAR = 100
_TITLE_CELLS = 26
_CALL_SECONDS = 5.0
_SAMPLE_SECONDS = 0.2
"""Calls a second are those of the last few seconds."""
_SIGNS = {"create": "+", "update": "~", "delete": "-"}


class StageRow(NamedTuple):
    """One stage of the run; ``began`` is None before its turn has come."""

    kind: Kind
    action: str
    total: int
    records: bool
    done: int = 0
    failed: int = 0
    began: float | None = None
    ended: float | None = None

    @property
    def title(self) -> str:
        """Say what is done to how many."""
        if self.records:
            return f"note {self.total:,} {'location' if self.total == 1 else 'locations'}"
        return f"{self.action} {counted_kind(self.total, self.kind)}"


class Board(NamedTuple):
    """All that the view shows; ``pause`` holds why nothing is asked, and until when.

    ``samples`` tell how many requests had been sent at which times, ``calls`` how many by now.
    """

    head: str = ""
    total: int = 0
    limit: int = 0
    began: float = 0.0
    stages: tuple[StageRow, ...] = ()
    at: int = -1
    done: int = 0
    failed: int = 0
    calls: int = 0
    samples: tuple[tuple[float, int], ...] = ()
    last: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    pause: tuple[str, float] = ("", 0.0)


def noted(board: Board, name: str, facts: Facts, now: float) -> Board:
    """Give the board after an event; ``now`` is in seconds on any clock."""
    match name:
        case "run":
            return _begun(facts, now)
        case "stage":
            return _next_stage(board, now)
        case "outcome":
            return _with_outcome(board, facts, now)
        case "waiting":
            return board._replace(pause=(facts["message"], now + facts["seconds"]))
    return board


def _begun(facts: Facts, now: float) -> Board:
    undoes = facts["undoes"]
    doing = "Applying to" if undoes is None else f"Taking back run {undoes} for"
    stages = tuple(
        StageRow(Kind(each["kind"]), each["action"], each["total"], each["records"])
        for each in facts["stages"]
    )
    return Board(
        head=f"{doing} {facts['fleet']} in org {facts['org']}: run {facts['run']}",
        total=sum(stage.total for stage in stages),
        limit=facts["callsPerSecond"],
        began=now,
        stages=stages,
        samples=((now, 0),),
    )


def _next_stage(board: Board, now: float) -> Board:
    at = board.at + 1
    stages = list(board.stages)
    if at:
        stages[at - 1] = stages[at - 1]._replace(ended=now)
    stages[at] = stages[at]._replace(began=now)
    return board._replace(at=at, stages=tuple(stages))


def _with_outcome(board: Board, facts: Facts, now: float) -> Board:
    bad = facts["status"] in {"failed", "notTried"}
    stage = board.stages[board.at]
    stage = stage._replace(done=stage.done + 1, failed=stage.failed + bad)
    line = _line(facts)
    return board._replace(
        stages=(*board.stages[: board.at], stage, *board.stages[board.at + 1 :]),
        done=board.done + 1,
        failed=board.failed + bad,
        calls=facts["calls"],
        samples=_sampled(board, now),
        last=(*board.last, line)[-_LAST:],
        failures=(*board.failures, line)[-_LAST:] if bad else board.failures,
    )


def _sampled(board: Board, now: float) -> tuple[tuple[float, int], ...]:
    """Remember how many requests were sent when, a few times a second at most."""
    if board.samples and now - board.samples[-1][0] < _SAMPLE_SECONDS:
        return board.samples
    kept = [sample for sample in board.samples if now - sample[0] <= _CALL_SECONDS]
    return (*(kept or board.samples[-1:]), (now, board.calls))


def _line(facts: Facts) -> str:
    name = shown("/".join(filter(None, (facts["typeId"], facts.get("deviceId")))))
    if facts["status"] in {"failed", "notTried"}:
        return f"  ! {name}: {facts['action']}: {shown(facts['reason'])}"
    return f"  {_SIGNS[facts['action']]} {name}"


def frame(board: Board, now: float, *, columns: int, rows: int, stopping: bool) -> list[str]:
    """Draw the view in at most so many rows, none wider than so many columns."""
    lines = [shown(board.head)]
    lines += [_stage_line(board, stage, now, columns) for stage in board.stages]
    lines.append(_sum_line(board, now))
    words, until = board.pause
    if now < until:
        reason = shown(words.partition("; trying again")[0])
        lines.append(f"  Waiting {duration(until - now)}: {reason}")
    if stopping:
        lines.append("  Stopping: what was begun is finished; Ctrl-C once more stops at once")
    room = rows - len(lines)
    shown_last = _newest(board, room) if room > 0 else []
    return [clipped(line, columns) for line in (*lines, *shown_last)[:rows]]


def _newest(board: Board, room: int) -> list[str]:
    """Give what ended last, and never let what failed be pushed out by what went well."""
    failures = board.failures[-min(_LAST_FAILED, room) :]
    others = [line for line in board.last if line not in board.failures]
    left = min(_LAST, room) - len(failures)
    return [*failures, *(others[-left:] if left > 0 else [])]


def _stage_line(board: Board, stage: StageRow, now: float, columns: int) -> str:
    head = padded(f"  {stage.title}", _TITLE_CELLS)
    if stage.began is None:
        return f"{head} to come"
    failed = f", {stage.failed:,} failed" if stage.failed else ""
    if stage.done == stage.total:
        seconds = (stage.ended or now) - stage.began
        return f"{head} ended{failed}, {duration(seconds)}"
    bar = f"{_bar(stage)} " if columns >= _FEWEST_FOR_BAR else ""
    return f"{head} {bar}{stage.done:,} of {stage.total:,}{_pace(stage, now)}{failed}"


def _bar(stage: StageRow) -> str:
    full = _BAR_CELLS * stage.done // max(1, stage.total)
    return f"[{'#' * full}{'.' * (_BAR_CELLS - full)}]"


def _pace(stage: StageRow, now: float) -> str:
    seconds = now - (stage.began or now)
    if not stage.done or seconds <= 0:
        return ""
    rate = stage.done / seconds
    return f", {rate:,.0f}/s, {duration((stage.total - stage.done) / rate)} left"


def _sum_line(board: Board, now: float) -> str:
    old = [sample for sample in board.samples if now - sample[0] >= _CALL_SECONDS]
    since, before = old[-1] if old else board.samples[0]
    rate = (board.calls - before) / max(1.0, now - since)
    return (
        f"  {board.done:,} of {board.total:,} ended, {board.failed:,} failed;"
        # They leave in bursts, of which a few seconds may hold one more than their share.
        f" {min(rate, board.limit):.1f} of {board.limit} calls a second;"
        f" {duration(now - board.began)}"
    )
