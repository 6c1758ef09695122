from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.model import Source
from fleetsync.plan.plan import with_policies
from fleetsync.plan.policy import Finding, PolicyOutcome, PolicyStatus, Severity
from fleetsync.plan.view import PlanView, view_of
from fleetsync.report.html.policies import policy_lists
from fleetsync.report.markdown.plan import plan_markdown
from fleetsync.report.policies import policy_lines
from fleetsync.report.text import render_plan
from tests.report import sample
from tests.report.markdown_plans import HOSTILE
from tests.report.markdown_reading import digest_of, read_changes
from tests.report.test_html_plan import outline, page_of

WHERE = Source("fleet.yaml", 9)


def outcome(
    name: str, severity: Severity, status: PolicyStatus, *findings: Finding, total: int = 0
) -> PolicyOutcome:
    message = f"all is as {name} says"
    return PolicyOutcome(
        name, severity, status, message, WHERE, total or len(findings), tuple(findings)
    )


def finding(number: int, words: str = "") -> Finding:
    return Finding(f"pump/p-{number:02}", Source("manifests/devices.yaml", number), words)


MIXED = (
    outcome("good", Severity.ERROR, PolicyStatus.PASSED),
    outcome("bad", Severity.ERROR, PolicyStatus.VIOLATED, *map(finding, range(1, 13)), total=50),
    outcome("unsure", Severity.WARNING, PolicyStatus.FAILED, finding(7, "cannot be judged: x")),
    outcome("loud", Severity.NOTE, PolicyStatus.VIOLATED, Finding(None, None, "line 1")),
    outcome("numbers", Severity.ERROR, PolicyStatus.VIOLATED, Finding(None, None, "")),
)


def view_with(*outcomes: PolicyOutcome) -> PlanView:
    return view_of(with_policies(sample.first(), outcomes))


def test_policies_are_told_the_broken_ones_with_what_they_found() -> None:
    assert list(policy_lines(MIXED, full=False)) == [
        "Policies: 3 violated, 1 not judged and 1 passed.",
        "  ! bad (error): all is as bad says",
        *(f"      pump/p-{n:02} (manifests/devices.yaml:{n})" for n in range(1, 11)),
        "      ... and 40 more",
        "  * unsure (warning, not judged): all is as unsure says",
        "      pump/p-07 (manifests/devices.yaml:7): cannot be judged: x",
        "  * loud (note): all is as loud says",
        "      line 1",
        "  ! numbers (error): all is as numbers says",
        "",
    ]


def test_nothing_is_folded_that_a_plan_holds_where_all_was_asked_for() -> None:
    lines = list(policy_lines(MIXED, full=True))
    assert lines[1:3] == [
        "  = good (error, passed): all is as good says",
        "  ! bad (error): all is as bad says",
    ]
    assert lines[14:16] == [
        "      pump/p-12 (manifests/devices.yaml:12)",
        "      ... and 38 more",
    ]


def test_a_page_tells_each_policy_that_is_not_kept_with_what_it_found() -> None:
    lists = list(policy_lists(MIXED))
    assert [(css, title) for css, title, _ in lists] == [
        ("refused", "Policy bad (error): all is as bad says"),
        ("warning", "Policy unsure (warning, not judged): all is as unsure says"),
        ("warning", "Policy loud (note): all is as loud says"),
        ("refused", "Policy numbers (error): all is as numbers says"),
    ]
    assert [words[-1] for _, _, words in lists] == [
        "... and 38 more findings",
        "pump/p-07 (manifests/devices.yaml:7): cannot be judged: x",
        "line 1",
        "this is about the plan as a whole",
    ]
    page = page_of(view_with(*MIXED))
    assert "<p>Policies: 3 violated, 1 not judged and 1 passed.</p>" in page
    assert "<li>pump/p-12 (manifests/devices.yaml:12)</li>" in page


def test_hostile_words_of_a_policy_add_no_element_to_a_page() -> None:
    finding_of_it = Finding(HOSTILE, Source(HOSTILE, 1), HOSTILE)
    calm = outcome("x", Severity.ERROR, PolicyStatus.VIOLATED, Finding("a", WHERE, "b"))
    hostile = calm._replace(name=HOSTILE, message=HOSTILE, findings=(finding_of_it,))
    told, expected = outline(page_of(view_with(hostile))), outline(page_of(view_with(calm)))
    assert (told.tags, told.attributes) == (expected.tags, expected.attributes)


def test_no_policies_no_words() -> None:
    assert list(policy_lines((), full=True)) == []
    assert "olic" not in "".join(render_plan(view_with(), full=True))
    assert "olic" not in plan_markdown(view_with(), whole="", max_bytes=65_000)


def test_markdown_lists_them_below_the_refusals() -> None:
    text = plan_markdown(view_with(*MIXED), whole="fleetsync plan -v", max_bytes=65_000)
    section = text.partition("\n**Policies**")[2].partition("\n\n|")[0]
    assert section.splitlines() == [
        ": 3 violated, 1 not judged and 1 passed.",
        "",
        "- `bad` (**error**, violated): `all is as bad says`",
        *(f"  - `pump/p-{n:02} (manifests/devices.yaml:{n})`" for n in range(1, 11)),
        "  - 40 more findings",
        "- `unsure` (**warning**, not judged): `all is as unsure says`",
        "  - `pump/p-07 (manifests/devices.yaml:7): cannot be judged: x`",
        "- `loud` (**note**, violated): `all is as loud says`",
        "  - `line 1`",
        "- `numbers` (**error**, violated): `all is as numbers says`",
    ]
    assert digest_of(read_changes(text)) == view_with().digest


@pytest.mark.parametrize("max_bytes", [4_000, 20_000, 65_000])
def test_however_many_policies_are_broken_markdown_keeps_its_length(max_bytes: int) -> None:
    long = [finding(n, "ü" * 500) for n in range(1000)]
    many = [
        outcome(f"policy-{n:02}", Severity.ERROR, PolicyStatus.VIOLATED, *long, total=10**6)
        for n in range(100)
    ]
    text = plan_markdown(view_with(*many), whole="fleetsync plan -v", max_bytes=max_bytes)
    assert len(text.encode("utf-8")) <= max_bytes
    assert "**Policies**: 100 violated." in text
    assert "Folded to fit into" in text


@given(st.one_of(st.just(HOSTILE), st.text(min_size=1, max_size=40)))
def test_what_a_command_says_stays_text(words: str) -> None:
    loud = outcome("loud", Severity.ERROR, PolicyStatus.VIOLATED, Finding(words, WHERE, words))
    plain = outcome("loud", Severity.ERROR, PolicyStatus.VIOLATED, Finding("x", WHERE, "x"))
    for full in (False, True):
        hostile = "".join(render_plan(view_with(loud), full=full))
        assert hostile.count("\n") == "".join(render_plan(view_with(plain), full=full)).count("\n")
        assert "\x1b" not in hostile
    text = plan_markdown(view_with(loud), whole="", max_bytes=65_000)
    expected = plan_markdown(view_with(plain), whole="", max_bytes=65_000)
    assert text.count("\n") == expected.count("\n")
    assert digest_of(read_changes(text)) == view_with().digest
