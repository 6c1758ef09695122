from __future__ import annotations

import json
from typing import Any

from fleetsync.apply.outcome import Outcome, Status, done, failed, not_tried
from fleetsync.errors import UnreachableError
from fleetsync.report.outcome import Report, make_report, render_report, report_text
from tests.report.sample import changed, first


def report(**more: Any) -> Report:
    """Two types and three devices to create: one failed, one not tried, one already there."""
    plan = first()
    hub, pump, gateway, one, two = plan.changes
    outcomes = [
        done(hub),
        done(pump),
        Outcome(gateway, Status.ALREADY),
        failed(one, "the org refused it: \x1b[2J"),
        not_tried(two, "the run ended before it was begun"),
    ]
    words: dict[str, Any] = {"fatal": None, "calls": 4, "secrets_file": "secrets/tokens.jsonl"}
    return make_report(plan, outcomes, **{**words, **more})


def test_the_summary_says_truthfully_what_became_of_each_change() -> None:
    assert render_report(report(), again="fleetsync plan") == (
        "Applied to emea-sensors in org abc123: 2 device types created.\n"
        "1 change failed:\n"
        "  ! pump/p-1 (manifests/devices.yaml:3): create: the org refused it: \\x1b[2J\n"
        "1 change not tried:\n"
        "  ! pump/p-2 (manifests/devices.yaml:4): create: the run ended before it was begun\n"
        "1 change had happened already.\n"
        "API calls: 4.\n"
        "To go on: fleetsync plan\n"
    )


def test_many_failures_are_folded_by_their_reasons() -> None:
    plan = changed()
    outcomes = [failed(change, "no") for change in plan.changes]
    made = make_report(plan, outcomes, fatal=None, calls=1, secrets_file="s")
    folded = 25 - len(plan.changes)
    assert folded == 5
    assert render_report(made, again="").count("  ! ") == len(plan.changes)
    many = make_report(plan, outcomes * 2, fatal=None, calls=1, secrets_file="s")
    assert "  ! ... and 20 more: no\n" in render_report(many, again="")
    assert render_report(many, again="", full=True).count("  ! ") == 40


def test_the_json_holds_every_outcome_and_is_ascii() -> None:
    text = "".join(report_text(report(fatal=UnreachableError("gone ü"))))
    assert text.isascii()
    told = json.loads(text)
    assert told["summary"] == {
        "done": 2,
        "already": 1,
        "failed": 1,
        "notTried": 1,
        "records": {"done": 0, "already": 0, "failed": 0, "notTried": 0},
    }
    assert told["records"] == []
    assert told["error"] == "gone ü"
    assert [outcome["status"] for outcome in told["outcomes"]] == [
        "done",
        "done",
        "already",
        "failed",
        "notTried",
    ]


def noted() -> Report:
    """Nothing to change; the locations of three devices are noted, one of them in vain."""
    *_, gateway, one, two = first().changes
    plan = first()._replace(changes=(), records=(gateway, one, two))
    outcomes = [done(gateway), failed(one, "gone"), done(two)]
    return make_report(plan, outcomes, fatal=None, calls=3, secrets_file="s")


def test_what_was_noted_is_counted_apart_and_its_failures_show() -> None:
    assert noted().incomplete
    assert render_report(noted(), again="fleetsync plan") == (
        "Applied to emea-sensors in org abc123: nothing changed.\n"
        "1 change failed:\n"
        "  ! pump/p-1 (manifests/devices.yaml:3): create: gone\n"
        "2 locations noted.\n"
        "API calls: 3.\n"
        "To go on: fleetsync plan\n"
    )
    told = json.loads("".join(report_text(noted())))
    assert told["outcomes"] == []
    assert told["summary"] == {
        "done": 0,
        "already": 0,
        "failed": 0,
        "notTried": 0,
        "records": {"done": 2, "already": 0, "failed": 1, "notTried": 0},
    }
    assert [(item["status"], item["deviceId"], item["reason"]) for item in told["records"]] == [
        ("done", "h-1", ""),
        ("failed", "p-1", "gone"),
        ("done", "p-2", ""),
    ]


def test_withheld_deletes_show_in_the_json_of_a_run_they_keep_incomplete() -> None:
    withheld = make_report(
        first()._replace(changes=(), withheld=3), [], fatal=None, calls=1, secrets_file="s"
    )
    assert withheld.incomplete
    assert json.loads("".join(report_text(withheld)))["withheld"] == 3


def test_a_run_is_incomplete_until_nothing_failed_or_was_left() -> None:
    assert report().incomplete
    plan = first()
    whole = make_report(
        plan, [done(change) for change in plan.changes], fatal=None, calls=1, secrets_file="s"
    )
    assert not whole.incomplete
    assert whole.changed == 5
    assert "Tokens of new devices: s\n" in render_report(whole, again="")
