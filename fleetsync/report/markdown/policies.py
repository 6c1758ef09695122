"""Write as Markdown what the policies say to a plan, in as much detail as there is room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fleetsync.plan.policy import PolicyOutcome, PolicyStatus
from fleetsync.report.markdown.detail import Folded, Head
from fleetsync.report.markdown.safe import code, short
from fleetsync.report.policies import finding_text, policies_in_words
from fleetsync.report.words import counted

_FINDINGS = 10
"""So many findings of a policy are told at most; the plan itself has more."""
_STATUS = {PolicyStatus.VIOLATED: "violated", PolicyStatus.FAILED: "not judged"}


def policy_section(outcomes: Sequence[PolicyOutcome], head: Head, folded: Folded) -> Iterator[str]:
    """Give the lines of a list: each policy that is not kept, with what it found first."""
    if not outcomes:
        return
    yield from ("", f"**Policies**: {policies_in_words(outcomes)}.")
    broken = [each for each in outcomes if each.status is not PolicyStatus.PASSED]
    if broken:
        yield ""
    for outcome in broken[: head.messages]:
        yield from _policy(outcome, head, folded)
    rest = len(broken[head.messages :])
    folded.messages += rest
    if rest:
        yield f"- {counted(rest, 'more policy', 'more policies')} that are not kept"


def _policy(outcome: PolicyOutcome, head: Head, folded: Folded) -> Iterator[str]:
    words = f"**{outcome.severity.value}**, {_STATUS[outcome.status]}"
    yield f"- {code(outcome.name)} ({words}): {_cut(outcome.message, head, folded)}"
    findings = [each for each in outcome.findings if each.name or each.words]
    told = findings[: min(_FINDINGS, head.messages)]
    yield from (f"  - {_cut(finding_text(each), head, folded)}" for each in told)
    more = outcome.total - len(told) if findings else 0
    folded.messages += more
    if more:
        yield f"  - {counted(more, 'more finding', 'more findings')}"


def _cut(text: str, head: Head, folded: Folded) -> str:
    cut = short(text, head.characters)
    folded.shortened += cut != text
    return code(cut)
