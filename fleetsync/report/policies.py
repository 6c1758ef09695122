"""Show what the policies say to a plan, as lines of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from fleetsync.escape import shown
from fleetsync.plan.policy import Finding, PolicyOutcome, PolicyStatus, Severity
from fleetsync.report.words import listed

_WORDS = {
    PolicyStatus.VIOLATED: "violated",
    PolicyStatus.FAILED: "not judged",
    PolicyStatus.PASSED: "passed",
}
_FOLD = 10
"""So many findings of a policy are told before the rest is only counted."""
_LONGEST = 300
"""Characters of what a finding says."""


def policies_in_words(outcomes: Sequence[PolicyOutcome]) -> str:
    """Count the policies by what came of them, the worst first; nothing in it is quoted."""
    counts = Counter(outcome.status for outcome in outcomes)
    return listed([f"{counts[each]:,} {words}" for each, words in _WORDS.items() if counts[each]])


def policy_lines(outcomes: Sequence[PolicyOutcome], *, full: bool) -> Iterator[str]:
    """Give the lines for all policies; ``full`` names those that passed, and all findings."""
    if not outcomes:
        return
    yield f"Policies: {policies_in_words(outcomes)}."
    for outcome in outcomes:
        if outcome.status is not PolicyStatus.PASSED:
            yield from _told(outcome, full=full)
        elif full:
            yield f"  = {title(outcome)}"
    yield ""


def title(outcome: PolicyOutcome) -> str:
    """Name a policy, what it means, and what must be so."""
    status = outcome.status
    what = f", {_WORDS[status]}" if status is not PolicyStatus.VIOLATED else ""
    return f"{shown(outcome.name)} ({outcome.severity.value}{what}): {shown(outcome.message)}"


def _told(outcome: PolicyOutcome, *, full: bool) -> Iterator[str]:
    yield f"  {'!' if outcome.severity is Severity.ERROR else '*'} {title(outcome)}"
    findings = [each for each in outcome.findings if each.name or each.words]
    told = findings if full else findings[:_FOLD]
    yield from (f"      {_cut(finding_text(each), full=full)}" for each in told)
    more = outcome.total - len(told)
    if told and more:
        yield f"      ... and {more:,} more"


def _cut(text: str, *, full: bool) -> str:
    return text if full or len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def finding_text(finding: Finding) -> str:
    """Say whom a finding is about, where that is declared, and what it says; fit to be shown."""
    source = finding.source
    place = "" if source is None else f" ({source.file}:{source.line})"
    about = f"{finding.name}{place}" if finding.name else ""
    return shown(": ".join(each for each in (about, finding.words) if each))
