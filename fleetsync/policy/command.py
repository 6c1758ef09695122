"""Say what came of a policy that is a command, from how the command ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fleetsync.model import Source
from fleetsync.plan import Plan
from fleetsync.plan.policy import MAX_FINDINGS, Finding, PolicyOutcome, PolicyStatus
from fleetsync.policy.policy import Policy

_LINE = 500
"""Characters of one line that are kept."""
_LAST_VERDICT = 125
"""Greater exit codes are those of shells and ``env`` for what could not be run."""


class Ending(NamedTuple):
    """How a command ended, and what it wrote first; ``code`` is that of ``subprocess``.

    ``failure`` says why it did not end by itself, or did not even begin; ``cut`` that it wrote more
    than was kept.
    """

    code: int = 0
    output: bytes = b""
    failure: str = ""
    cut: bool = False


def command_outcome(policy: Policy, ending: Ending) -> PolicyOutcome:
    """Take 0 for passed, 1 to 125 for violated, and all else for not judged."""
    failure = ending.failure or _failure(ending.code)
    if not (failure or ending.code):
        return _outcome(policy, PolicyStatus.PASSED, [])
    lines = _lines(ending)
    if failure:
        return _outcome(policy, PolicyStatus.FAILED, [f"cannot be judged: {failure}", *lines])
    words = lines or [f"its command ended with {ending.code} and said nothing"]
    return _outcome(policy, PolicyStatus.VIOLATED, words)


def with_places(outcome: PolicyOutcome, plan: Plan) -> PolicyOutcome:
    """Tie each line that begins with the name of a change, and a colon, to that change."""
    names = {_head(each.words) for each in outcome.findings} - {""}
    if not names:
        return outcome
    sources = {each.name: each.source for each in plan.changes if each.name in names}
    findings = tuple(_placed(each, sources) for each in outcome.findings)
    return outcome._replace(findings=findings)


def _head(words: str) -> str:
    head, colon, _ = words.partition(": ")
    return head if colon else ""


def _placed(finding: Finding, sources: Mapping[str, Source | None]) -> Finding:
    name = _head(finding.words)
    if name not in sources:
        return finding
    return Finding(name, sources[name], finding.words.removeprefix(f"{name}: "))


def _failure(code: int) -> str:
    if code < 0:
        return f"its command was killed by signal {-code}"
    return f"its command could not be run (exit code {code})" if code > _LAST_VERDICT else ""


def _lines(ending: Ending) -> list[str]:
    text = ending.output.decode("utf-8", "backslashreplace")
    lines = [line.rstrip() for line in text.split("\n") if line.strip()]
    kept = [line if len(line) <= _LINE else f"{line[:_LINE]}..." for line in lines]
    return [*kept, "... and it wrote more than is kept"] if ending.cut else kept


def _outcome(policy: Policy, status: PolicyStatus, words: list[str]) -> PolicyOutcome:
    findings = tuple(Finding(None, None, each) for each in words[:MAX_FINDINGS])
    return PolicyOutcome(
        policy.name,
        policy.severity,
        status,
        policy.message,
        policy.source,
        len(words),
        findings,
    )
