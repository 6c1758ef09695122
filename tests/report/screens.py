"""What a person gets to see, made from values: each screen as text and, mostly, as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from fleetsync.apply.outcome import Status
from fleetsync.diff.change import Action, Field
from fleetsync.journal.entry import Answer, Deed, End, Ending, Request
from fleetsync.model import Kind, LiveDeviceType, Source
from fleetsync.plan import Plan, Refusal, RefusalCode
from fleetsync.plan.view import PlanView, ReadChange, view_of
from fleetsync.report.journal import runs_text
from fleetsync.report.journal_run import run_text
from fleetsync.report.markdown.plan import plan_markdown
from fleetsync.report.markdown.report import report_markdown
from fleetsync.report.outcome import Report, render_report
from fleetsync.report.text import render_plan
from tests.journal.drawn import HEAD, noted_in, written
from tests.report import sample
from tests.report.markdown_plans import HOSTILE, VIEWS, update, view_with
from tests.report.test_journal import STORY, shown_run
from tests.report.test_markdown_report import REPORTS, report_of

APPLY = "To carry it out: fleetsync apply plan.json"
WHOLE = "fleetsync show plan.json -v"
AGAIN = "fleetsync plan, then fleetsync apply"
MAX_BYTES = 65_000


class Screen(NamedTuple):
    """A text in pieces, and the same for a pull request, if it can be had."""

    text: Callable[[], Iterator[str]]
    markdown: Callable[[], str] | None = None


def building() -> Plan:
    """300 devices: some come, some go, many change alike and some on their own."""
    types = [sample.device_type("air-sensor", 3), sample.device_type("thermostat", 9)]
    declared, live = [], []
    for floor in range(1, 11):
        for room in range(1, 31):
            type_id = types[room % 2].type_id
            name, line = f"f{floor:02}-r{room:02}", room * 4
            metadata = {"floor": floor, "owner": "operations" if room < 20 else "facilities"}
            model = f"T-{1000 + room * floor % 7}" if room == 9 else "T-1000"
            if not (floor == 7 and room > 21):
                declared.append(
                    sample.device(
                        type_id, name, line, metadata=metadata, device_info={"model": model}
                    )
                )
            if not (floor == 10 and room < 12):
                held = {"floor": floor, "owner": "facilities"}
                info = {"model": "T-1000", "serialNumber": f"SN-{floor:02}{room:02}"}
                live.append(sample.live_device(type_id, name, metadata=held, device_info=info))
    live_types = [LiveDeviceType(each.type_id) for each in types]
    return sample.plan_of(
        types, declared, live_types, live, unmanaged_types=3, unmanaged_devices=17
    )


def refused() -> PlanView:
    view = view_of(building())
    warnings = (
        "nothing of type door-sensor is deleted: its list is in doubt, for a page was empty before"
        " the end of the list; run again",
        "3 undeclared devices kept: a gateway registered them",
        "type thermostat: 140 existing devices keep what the type said before; lifecycle.propagate"
        " would bring it to them",
    )
    refusals = (
        Refusal(
            RefusalCode.DELETE_LIMIT,
            "the plan deletes 41 of 120 devices (34.2 %), more than the limits of 10 % and 3; if"
            " that is meant, run again with --allow-deletes 41",
            41,
        ),
        Refusal(RefusalCode.PROTECTED, "thermostat/f07-r25 is protected: it is not deleted"),
    )
    return view._replace(refusals=refusals, warnings=warnings)


LONG = "a long description of what this device is for, in words that go on and on, " * 4
ID_36 = "a-serial-number-of-36-characters-000"


def long_values() -> PlanView:
    """Values and names that have no room on a line, in letters of all widths."""
    fields = (
        Field("deviceInfo.description", f"{LONG}old", f"{LONG}new"),
        Field("metadata.房间", "三楼会议室" * 9, "四楼会议室" * 9),
        Field("metadata.emoji", "🏢🌡" * 20, None),
        Field("metadata.rtl", None, "מד טמפרטורה בקומה שלישית ליד המעלית הצפונית של הבניין"),
        Field("metadata.one_word", "x" * 150, "x" * 149 + "y"),
    )
    changes = [
        update(ID_36, fields, line=123456),
        update("p-1", (Field(f'metadata["{"a key of many words " * 6}"].b', 1, [1, 2]),)),
        ReadChange(
            Action.DELETE,
            Kind.DEVICE,
            "pump",
            ID_36[:-1] + "1",
            "no manifest declares it",
            None,
            [],
        ),
        ReadChange(
            Action.CREATE,
            Kind.DEVICE,
            "pump",
            "e\u0301tage-房间",
            "it is new",
            Source("manifests/ein/sehr/langer/Weg/zu/den/Geräten/im/dritten/Stock.yaml", 7),
            [],
        ),
    ]
    return view_with(changes, warnings=(HOSTILE,))


def undo() -> PlanView:
    view = view_of(building())
    warning = (
        "registered again with a new token, which has to be brought to the device, as nobody knows"
        " the old one: thermostat/f07-r25 and 3 more"
    )
    return view._replace(undoes="20261123T170114-1a2b3c4d5e", warnings=(warning,))


def plan_screen(make: Callable[[], PlanView], next_step: str = APPLY) -> Screen:
    return Screen(
        lambda: render_plan(make(), next_step=next_step),
        lambda: plan_markdown(make(), whole=WHOLE, max_bytes=MAX_BYTES),
    )


def report_screen(make: Callable[[], Report]) -> Screen:
    return Screen(
        lambda: iter([render_report(make(), again=AGAIN)]),
        lambda: report_markdown(make(), again=AGAIN, whole=WHOLE, max_bytes=MAX_BYTES),
    )


def building_report() -> Report:
    ends = [Status.DONE] * 24 + [Status.FAILED]
    return report_of(building(), ends, "the org refused it (409 CUDIM0024E), as it is locked")


def _journal() -> Iterator[str]:
    asked = Request(1, Deed.CREATE_DEVICES, (("pump", "p-1"), ("pump", "p-2")))
    ended = shown_run(asked, Answer(1, Ending.ANSWERED), End("done", {"done": 2}))
    again = "fleetsync -C examples/building apply"
    return runs_text([shown_run(*STORY[1:]), ended], place="runs", next_step=again)


def _journal_run() -> Iterator[str]:
    return run_text(shown_run(*STORY[1:], head=HEAD), noted_in(written(STORY)))


SCREENS = {
    "empty": plan_screen(lambda: view_of(sample.empty()), ""),
    "one": plan_screen(VIEWS["one"]),
    "alike": plan_screen(VIEWS["rename"]),
    "building": plan_screen(lambda: view_of(building())),
    "refused": plan_screen(refused, "Apply would refuse this plan."),
    "long": plan_screen(long_values),
    "hostile": plan_screen(VIEWS["hostile"]),
    "undo": plan_screen(undo, "To carry it out: fleetsync undo 20261123T170114-1a2b3c4d5e"),
    "report-done": report_screen(REPORTS["done"]),
    "report-partly": report_screen(building_report),
    "journal": Screen(_journal),
    "journal-run": Screen(_journal_run),
}
