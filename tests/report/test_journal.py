from __future__ import annotations

import io
import json

import pytest

from fleetsync.journal.entry import (
    CUT_OFF,
    Answer,
    Before,
    Deed,
    End,
    Ending,
    Entry,
    Head,
    Name,
    Request,
    Seen,
    Sight,
)
from fleetsync.journal.run import read_run
from fleetsync.model import LiveDevice, LiveDeviceType, Location
from fleetsync.report.journal import ShownRun, runs_json, runs_text
from fleetsync.report.journal_run import run_json, run_text
from tests.journal.drawn import HEAD, RUN, noted_in, written

FILE = f"fleet/.fleetsync/runs/{RUN}.jsonl"
PUMPS: tuple[Name, ...] = (("pump", "p-1"), ("pump", "p-2"), ("pump", "p-3"))
ASKED = Request(1, Deed.CREATE_DEVICES, PUMPS)


def shown_run(*later: Entry, head: Head = HEAD, at_work: bool = False) -> ShownRun:
    run = read_run(io.BytesIO(written([head, *later])))
    return ShownRun(RUN, FILE, run, at_work=at_work)


def listed(each: ShownRun) -> list[str]:
    """Give the lines of one run in the list, without its name and time."""
    text = "".join(runs_text([each], place="place", next_step="fleetsync apply"))
    return text.replace(f"{RUN}  apply, 2026-11-23 17:00:00 UTC: ", "").splitlines()


@pytest.mark.parametrize(
    ("name", "later", "lines"),
    [
        (
            "everything was done",
            [ASKED, Answer(1, Ending.ANSWERED), End("done", {"done": 3})],
            ["done", "  set out to: create 2 devices", "  came of it: 3 devices created"],
        ),
        (
            "the truth about each end",
            [
                ASKED,
                Answer(1, Ending.ANSWERED, failed=PUMPS[:1]),
                End("partly", {"done": 2, "failed": 1, "notTried": 4, "already": 5}),
            ],
            [
                "partly",
                "  set out to: create 2 devices",
                "  came of it: 2 devices created (5 already so, 1 failed and 4 not tried)",
            ],
        ),
        (
            "cut off before the first request",
            [],
            [
                "cut off",
                "  set out to: create 2 devices",
                "  came of it: nothing",
                "The next apply looks what became of what is open: fleetsync apply",
            ],
        ),
        (
            "cut off in the middle",
            [
                ASKED,
                Answer(1, Ending.ANSWERED, untold=PUMPS[:1]),
                Request(2, Deed.DELETE_DEVICES, (("pump", "old"),)),
                Request(3, Deed.UPDATE_DEVICE, (("pump", "p-9"),)),
                Answer(3, Ending.UNKNOWN),
                Request(4, Deed.DELETE_TYPE, (("valve", None),)),
            ],
            [
                "cut off",
                "  set out to: create 2 devices",
                "  came of it: 2 devices created",
                "  open: nobody knows whether 1 device was created",
                "  open: nobody knows whether 1 device was deleted",
                "  no answer came: 1 device, maybe updated; the next plan compares anew",
                "  no answer came: 1 device type, maybe deleted; the next plan compares anew",
                "The next apply looks what became of what is open: fleetsync apply",
            ],
        ),
        (
            "settled later",
            [
                ASKED,
                Seen(Sight.OURS, PUMPS[:2]),
                Seen(Sight.GONE, PUMPS[2:]),
                End(CUT_OFF, {}),
            ],
            [
                "cut off, settled 2026-11-23 17:00:00 UTC",
                "  set out to: create 2 devices",
                "  came of it: 2 devices created",
            ],
        ),
        (
            "left open by a run that ended, and settled",
            [
                ASKED,
                Answer(1, Ending.UNKNOWN, words="no answer came"),
                End("failed", {"failed": 3}),
                Seen(Sight.OURS, PUMPS),
            ],
            [
                "failed, settled 2026-11-23 17:00:00 UTC",
                "  set out to: create 2 devices",
                "  came of it: 3 devices created (3 failed)",
            ],
        ),
        (
            "refused and unsent requests did nothing",
            [
                ASKED,
                Answer(1, Ending.REFUSED, words="400"),
                Request(2, Deed.CREATE_DEVICES, PUMPS[:1]),
                Answer(2, Ending.UNSENT),
                End("interrupted", {"notTried": 3}),
            ],
            [
                "interrupted",
                "  set out to: create 2 devices",
                "  came of it: nothing (3 not tried)",
            ],
        ),
    ],
)
def test_the_list_tells_what_came_of_a_run(name: str, later: list[Entry], lines: list[str]) -> None:
    assert listed(shown_run(*later)) == lines, name


def test_a_run_at_work_has_nothing_open() -> None:
    assert listed(shown_run(ASKED, at_work=True)) == [
        "at work",
        "  set out to: create 2 devices",
        "  came of it: nothing",
    ]


def test_an_undo_tells_what_it_takes_back() -> None:
    head = HEAD._replace(command="undo", undoes="20260101T000000-00000000aa", counts={})
    told = "".join(runs_text([shown_run(head=head)], place="", next_step="fleetsync apply"))
    assert told.splitlines()[:3] == [
        f"{RUN}  undo, 2026-11-23 17:00:00 UTC: cut off",
        "  takes back: 20260101T000000-00000000aa",
        "  set out to: change nothing",
    ]


def test_a_run_that_noted_nothing_is_told_in_a_word() -> None:
    told = "".join(runs_text([ShownRun(RUN, FILE, None)], place="", next_step=""))
    assert told == f"{RUN}  nothing begun\n"


LIVE = LiveDevice("pump", "p-1", {"serialNumber": "7"}, {"floor": 1}, "a mark")
STORY: list[Entry] = [
    HEAD,
    Before(("pump", "p-1"), LIVE, Location(51.5, -1), located=True),
    Before(("pump", None), LiveDeviceType("pump", description="Pumps")),
    *[Request(number, Deed.UPDATE_DEVICE, (("pump", f"p-{number}"),)) for number in range(1, 13)],
    *[Answer(number, Ending.ANSWERED) for number in range(1, 12)],
    Answer(12, Ending.REFUSED, words="the org said \x1b[2J no"),
    Request(13, Deed.CREATE_DEVICES, (("pump", "a"), ("pump", "b\x1b[2J"))),
    Answer(13, Ending.ANSWERED, failed=(("pump", "a"),), untold=(("pump", "b\x1b[2J"),)),
    Request(14, Deed.DELETE_TYPE, (("valve", None),)),
    Seen(Sight.GONE, (("pump", "b\x1b[2J"),)),
]
AT = "2026-11-23 17:00:00 UTC"


def detail(*, full: bool) -> str:
    text = "".join(run_text(shown_run(*STORY[1:]), noted_in(written(STORY)), full=full))
    return text.partition("\n\n")[2]


def test_a_run_is_shown_by_what_is_alike() -> None:
    updated = ", ".join(f"pump/p-{number}" for number in range(1, 11))
    assert detail(full=False) == (
        "Recorded before it was changed:\n"
        f"  {AT}  1 device type and 1 device, 1 with what is known of the location\n"
        "      pump/p-1, pump\n"
        "\n"
        "Requests:\n"
        f"  {AT}  update 11 devices in 11 requests: answered\n"
        f"      {updated} and 1 more\n"
        f"  {AT}  update 1 device: refused: the org said \\x1b[2J no\n"
        "      pump/p-12\n"
        f"  {AT}  create 2 devices: answered\n"
        "      pump/a, pump/b\\x1b[2J\n"
        "      failed: pump/a\n"
        "      not told of: pump/b\\x1b[2J\n"
        f"  {AT}  delete 1 device type: no answer noted\n"
        "      valve\n"
        "\n"
        "Seen when somebody looked:\n"
        f"  {AT}  gone: 1 device\n"
        "      pump/b\\x1b[2J\n"
    )


def test_every_request_is_shown_on_demand() -> None:
    whole = detail(full=True)
    assert whole.count("update 1 device: answered\n") == 11
    assert "\x1b" not in whole


def test_very_many_kinds_of_requests_are_counted() -> None:
    asked: list[Entry] = []
    for number in range(1, 100):
        asked.append(Request(number, Deed.UPDATE_DEVICE, (("pump", f"p-{number}"),)))
        asked.append(Answer(number, Ending.REFUSED, words=f"no {number}"))
    text = "".join(run_text(shown_run(*asked), noted_in(written([HEAD, *asked]))))
    assert text.count("refused: no ") == 30
    assert text.endswith("  ... and 69 more requests\n")


def test_the_json_holds_every_request_and_record_and_is_ascii() -> None:
    text = "".join(run_json(shown_run(*STORY[1:]), noted_in(written(STORY))))
    assert text.isascii()
    told = json.loads(text)
    assert [each["number"] for each in told["requests"]] == list(range(1, 15))
    assert told["requests"][12] == {
        "number": 13,
        "does": "create devices",
        "askedAt": "2026-11-23T17:00:00Z",
        "items": [
            {"typeId": "pump", "deviceId": "a"},
            {"typeId": "pump", "deviceId": "b\x1b[2J"},
        ],
        "answeredAt": "2026-11-23T17:00:00Z",
        "ending": "answered",
        "words": "",
        "failed": [{"typeId": "pump", "deviceId": "a"}],
        "untold": [{"typeId": "pump", "deviceId": "b\x1b[2J"}],
    }
    assert told["requests"][13]["ending"] is None
    assert told["before"] == [
        {
            "at": "2026-11-23T17:00:00Z",
            "typeId": "pump",
            "deviceId": "p-1",
            "deviceInfo": {"serialNumber": "7"},
            "metadata": {"floor": 1},
            "alertEnabled": False,
            "locationRead": True,
            "location": {"latitude": 51.5, "longitude": -1},
            "fields": [],
        },
        {
            "at": "2026-11-23T17:00:00Z",
            "typeId": "pump",
            "deviceInfo": {},
            "metadata": {},
            "classId": "Device",
            "description": "Pumps",
            "fields": [],
        },
    ]
    assert told["seen"] == [
        {
            "at": "2026-11-23T17:00:00Z",
            "sight": "gone",
            "items": [{"typeId": "pump", "deviceId": "b\x1b[2J"}],
        }
    ]


def test_the_json_of_the_list_is_versioned_and_ascii() -> None:
    broken = ShownRun("broken", "file", None, damaged="line 2 is not as it was written")
    text = "".join(runs_json([shown_run(ASKED), broken]))
    assert text.isascii()
    told = json.loads(text)
    assert told["formatVersion"] == 1
    assert told["runs"][0] == {
        "run": RUN,
        "state": "cut off",
        "open": True,
        "resumable": False,
        "file": FILE,
        "damage": None,
        "command": "apply",
        "undoes": None,
        "fleet": "emea",
        "org": "abc123",
        "planDigest": "sha256:0f",
        "tokens": "client",
        "startedAt": "2026-11-23T17:00:00Z",
        "endedAt": None,
        "settledAt": None,
        "planned": {"device create": 2},
        "outcomes": None,
        "done": {},
        "unsettled": {"create devices": 3},
        "unregistered": 0,
    }
    assert told["runs"][1] == {
        "run": "broken",
        "state": "damaged",
        "open": False,
        "resumable": False,
        "file": "file",
        "damage": "line 2 is not as it was written",
    }
    assert json.loads("".join(runs_json([]))) == {"formatVersion": 1, "runs": []}
