"""What of an approved plan goes ahead once the org has moved on, item by item."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from fleetsync.manifest.load import load_fleet
from fleetsync.model import DeviceKey
from fleetsync.plan import Limits, Plan, PlanRules, make_plan
from fleetsync.plan.match import Matched, Now, match_plan, unmatched_moves
from tests.diff.test_cases import live_fleet
from tests.plan.plans import save

ALL = Limits(100, 1000)
CHANGED = "left alone, for it changed since it was planned: "
PUMP = {"id": "pump"}
AHEAD = "ahead"


def device(name: str, **parts: Any) -> dict[str, Any]:
    return {"typeId": "pump", "deviceId": name, **parts}


def model(name: str, text: str, **parts: Any) -> dict[str, Any]:
    return device(name, deviceInfo={"model": text}, **parts)


def now(folder: Path, manifest: dict[str, Any], live: dict[str, Any], limits: Limits = ALL) -> Now:
    (folder / "fleet.yaml").write_text("fleet: test\n", "utf-8")
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False), "utf-8")
    desired = load_fleet(folder, ["manifest.yaml"], fleet_file=folder / "fleet.yaml")
    managed = {*desired.types, *desired.removed_types}
    found = live_fleet(json.loads(json.dumps(live)), managed)
    rules = PlanRules(fleet="test", limits=limits)
    plan = make_plan(desired=desired, live=found, rules=rules, created_at="2026-11-23T10:00:00Z")
    return Now(plan, desired, found, limits)


def matched(
    folder: Path, manifest: dict[str, Any], then: dict[str, Any], live: dict[str, Any]
) -> Matched:
    return match_plan(save(now(folder, manifest, then).plan), now(folder, manifest, live))


def ends(found: Matched) -> dict[str, str]:
    """Say of each change what becomes of it."""
    told = {change.name: AHEAD for change in found.plan.changes}
    return told | {aside.change.name: aside.reason for aside in found.asides}


BY_GATEWAY = {"auth": {"id": "g:abc123:hub:h-1", "type": "gateway"}, "date": "2018-09-18T06:44:02Z"}
LATER = {"auth": {"id": "a-abc123-k0dl0vqqrk", "type": "app"}, "date": "2026-11-23T10:00:01.000Z"}
OTHER = {"auth": {"id": "j@example.com", "type": "person"}, "date": "no date"}
ALREADY = "the org has it as declared"
GONE = f"{CHANGED}the org does not show it any more"

ONE_NEW = {"deviceTypes": [PUMP], "devices": [model("p-1", "M")]}
EMPTY_TYPE = {"types": [PUMP]}
FLOOR = {"deviceTypes": [PUMP], "devices": [device("p-1", metadata={"floor": 2, "zone": 3})]}
NONE_LEFT = {"deviceTypes": [PUMP]}
THERE = {"types": [PUMP], "devices": [model("p-1", "M")]}
IGNORING = {"id": "pump", "lifecycle": {"ignoreChanges": ["deviceInfo.fwVersion"]}}
NO_TYPE = {"removedDeviceTypes": ["pump"]}


def on_floor(**metadata: Any) -> dict[str, Any]:
    return {"types": [PUMP], "devices": [device("p-1", metadata=metadata)]}


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, str]]] = {
    "a create as planned": (ONE_NEW, EMPTY_TYPE, EMPTY_TYPE, {"pump/p-1": AHEAD}),
    "a create of what is there": (ONE_NEW, EMPTY_TYPE, THERE, {"pump/p-1": ALREADY}),
    "a create of what is there otherwise": (
        ONE_NEW,
        EMPTY_TYPE,
        {"types": [PUMP], "devices": [model("p-1", "N")]},
        {"pump/p-1": f"{CHANGED}it exists by now, and differs in deviceInfo.model"},
    ),
    "a create of a type that is there": (
        ONE_NEW,
        {},
        EMPTY_TYPE,
        {"pump": ALREADY, "pump/p-1": AHEAD},
    ),
    "a create whose type went": (
        ONE_NEW,
        EMPTY_TYPE,
        {},
        {"pump/p-1": "left alone, for the org does not show its device type any more"},
    ),
    "a create whose type passes on something else": (
        {"deviceTypes": [PUMP], "devices": [device("p-1", deviceInfo={"model": None})]},
        EMPTY_TYPE,
        {"types": [{"id": "pump", "deviceInfo": {"model": "X"}}]},
        {"pump/p-1": f"{CHANGED}deviceInfo.model"},
    ),
    "an update as planned": (FLOOR, on_floor(floor=1), on_floor(floor=1), {"pump/p-1": AHEAD}),
    "an update that was made": (
        FLOOR,
        on_floor(floor=1),
        on_floor(floor=2, zone=3),
        {"pump/p-1": ALREADY},
    ),
    "an update of a field that was changed": (
        FLOOR,
        on_floor(floor=1),
        on_floor(floor=7),
        {"pump/p-1": f"{CHANGED}metadata.floor"},
    ),
    "an update that was made in part": (
        FLOOR,
        on_floor(floor=1),
        on_floor(floor=2),
        {"pump/p-1": f"{CHANGED}metadata.floor"},
    ),
    "an update beside which much was written": (
        FLOOR,
        on_floor(floor=1),
        on_floor(floor=1, a=1, b=1, c=1, d=1),
        {"pump/p-1": f"{CHANGED}metadata.a, metadata.b, metadata.c and 1 more"},
    ),
    "an update of what went": (FLOOR, on_floor(floor=1), EMPTY_TYPE, {"pump/p-1": GONE}),
    "an update that writes metadata along": (
        {"deviceTypes": [PUMP], "devices": [device("p-1", lifecycle={"protect": True})]},
        on_floor(floor=1),
        on_floor(floor=2),
        {"pump/p-1": f"{CHANGED}metadata, which it would write as a whole"},
    ),
    "a delete as planned": (NONE_LEFT, THERE, THERE, {"pump/p-1": AHEAD}),
    "a delete of what went": (NONE_LEFT, THERE, EMPTY_TYPE, {"pump/p-1": "it is gone"}),
    "a delete of what was registered anew": (
        NONE_LEFT,
        THERE,
        {"types": [PUMP], "devices": [model("p-1", "M", registration=LATER)]},
        {"pump/p-1": f"{CHANGED}it was registered anew"},
    ),
    "a delete of what somebody else registered": (
        NONE_LEFT,
        THERE,
        {"types": [PUMP], "devices": [model("p-1", "M", registration=OTHER)]},
        {"pump/p-1": f"{CHANGED}its alert, its registration or the mark of fleetsync"},
    ),
    "a delete of what a gateway registered": (
        NONE_LEFT,
        THERE,
        {"types": [PUMP], "devices": [model("p-1", "M", registration=BY_GATEWAY)]},
        {"pump/p-1": f"{CHANGED}a gateway registered it"},
    ),
    "a delete of what was changed": (
        NONE_LEFT,
        THERE,
        {"types": [PUMP], "devices": [model("p-1", "N", metadata={"a": 1})]},
        {"pump/p-1": f"{CHANGED}deviceInfo.model, metadata.a"},
    ),
    "a delete of what changed itself": (
        {"deviceTypes": [IGNORING]},
        {"types": [PUMP], "devices": [device("p-1", deviceInfo={"fwVersion": "1"})]},
        {"types": [PUMP], "devices": [device("p-1", deviceInfo={"fwVersion": "2"})]},
        {"pump/p-1": AHEAD},
    ),
    "a delete by a list that proves nothing": (
        NONE_LEFT,
        THERE,
        {**THERE, "doubts": ["a page was empty"]},
        {"pump/p-1": "withheld: a page was empty"},
    ),
    "a delete of what a list that proves nothing does not show": (
        NONE_LEFT,
        THERE,
        {**EMPTY_TYPE, "doubts": ["a page was empty"]},
        {"pump/p-1": "withheld: a page was empty"},
    ),
    "a delete of a type with a new device": (
        NO_TYPE,
        THERE,
        {"types": [PUMP], "devices": [model("p-1", "M"), device("p-2")]},
        {
            "pump/p-1": AHEAD,
            "pump": "left alone, for it has devices that this plan does not delete: 1",
        },
    ),
    "a delete of a type that went": (NO_TYPE, EMPTY_TYPE, {}, {"pump": "it is gone"}),
}


@pytest.mark.parametrize(("manifest", "then", "live", "expected"), CASES.values(), ids=list(CASES))
def test_each_change_is_judged_by_what_is_live_by_now(
    tmp_path: Path,
    manifest: dict[str, Any],
    then: dict[str, Any],
    live: dict[str, Any],
    expected: dict[str, str],
) -> None:
    assert ends(matched(tmp_path, manifest, then, live)) == expected


STALE = {
    "all changed": (["p-1", "p-2"], [], True),
    "one goes ahead": (["p-1"], [], False),
    "one is already so": (["p-1"], ["p-2"], False),
    "all are already so": ([], ["p-1", "p-2"], False),
    "all go ahead": ([], [], False),
}


@pytest.mark.parametrize(("changed", "made", "stale"), STALE.values(), ids=list(STALE))
def test_a_plan_is_stale_if_nothing_of_it_can_be_applied_any_more(
    tmp_path: Path, changed: list[str], made: list[str], stale: bool
) -> None:
    names = ("p-1", "p-2")
    manifest = {"deviceTypes": [PUMP], "devices": [model(name, "N") for name in names]}
    then = {"types": [PUMP], "devices": [model(name, "M") for name in names]}
    texts = {name: "X" if name in changed else "N" if name in made else "M" for name in names}
    live = {"types": [PUMP], "devices": [model(name, text) for name, text in texts.items()]}
    assert matched(tmp_path, manifest, then, live).is_stale is stale


def test_what_nobody_approved_is_counted_and_left_alone(tmp_path: Path) -> None:
    manifest = {"deviceTypes": [PUMP], "devices": [model("p-1", "N"), model("p-2", "N")]}
    then = {"types": [PUMP], "devices": [model("p-1", "M"), model("p-2", "N")]}
    live = {"types": [PUMP], "devices": [model("p-1", "M"), model("p-2", "M"), device("p-3")]}
    found = matched(tmp_path, manifest, then, live)
    assert ends(found) == {"pump/p-1": AHEAD}
    assert found.unapproved == 2


def test_a_plan_that_fits_whole_is_the_plan_of_now(tmp_path: Path) -> None:
    manifest = {"deviceTypes": [PUMP], "devices": [model("p-1", "N"), device("p-2")]}
    live = {"types": [PUMP], "devices": [model("p-1", "M"), device("p-3")]}
    fresh = now(tmp_path, manifest, live)
    assert match_plan(save(fresh.plan), fresh) == Matched(fresh.plan, (), 0)


def refused(plan: Plan) -> list[tuple[str, int | None]]:
    return [(refusal.code.value, refusal.deletes) for refusal in plan.refusals]


def test_limits_weigh_the_part_that_goes_ahead(tmp_path: Path) -> None:
    ten = [device(f"p-{n}") for n in range(10)]
    kept = {"deviceTypes": [PUMP], "devices": ten[:5]}
    strict = Limits(10, 3)
    then = now(tmp_path, kept, {"types": [PUMP], "devices": ten}, strict)
    assert refused(then.plan) == [("deleteLimit", 5)]
    edited = [*ten[:8], model("p-8", "X"), model("p-9", "X")]
    found = match_plan(
        save(then.plan), now(tmp_path, kept, {"types": [PUMP], "devices": edited}, strict)
    )
    assert refused(found.plan) == []
    assert len(found.plan.changes) == 3


def test_a_saved_plan_does_not_escape_the_limits_as_the_fleet_shrinks(tmp_path: Path) -> None:
    hundred = [device(f"p-{n}") for n in range(100)]
    kept = {"deviceTypes": [PUMP], "devices": hundred[:90]}
    strict = Limits(10, 3)
    then = now(tmp_path, kept, {"types": [PUMP], "devices": hundred}, strict)
    assert refused(then.plan) == []
    fewer = {"types": [PUMP], "devices": hundred[50:]}
    assert refused(match_plan(save(then.plan), now(tmp_path, kept, fewer, strict)).plan) == [
        ("deleteLimit", 10)
    ]


def test_what_goes_ahead_is_a_plan_of_its_own(tmp_path: Path) -> None:
    manifest = {"deviceTypes": [PUMP], "devices": [model("p-1", "N"), model("p-2", "N")]}
    then = {"types": [PUMP], "devices": [model("p-1", "M"), model("p-2", "M")]}
    live = {"types": [PUMP], "devices": [model("p-1", "M"), model("p-2", "X")]}
    fresh = now(tmp_path, manifest, then).plan
    part = matched(tmp_path, manifest, then, live).plan
    assert (fresh.cost.write, part.cost.write) == (2, 1)
    assert part.digest != fresh.digest
    assert save(part).digest == part.digest


def test_a_class_that_cannot_change_refuses_whatever_else_goes_ahead(tmp_path: Path) -> None:
    manifest = {"deviceTypes": [{**PUMP, "classId": "Device"}], "devices": [model("p-1", "N")]}
    live = {"types": [PUMP], "devices": [model("p-1", "M")]}
    anew = {"types": [{**PUMP, "classId": "Gateway"}], "devices": [model("p-1", "M")]}
    found = matched(tmp_path, manifest, live, anew)
    assert ends(found) == {"pump/p-1": AHEAD}
    assert refused(found.plan) == [("classChange", None)]


def test_protection_that_came_meanwhile_refuses(tmp_path: Path) -> None:
    then = now(tmp_path, NONE_LEFT, THERE)
    marked = {"types": [{**PUMP, "mark": {"protect": True}}], "devices": THERE["devices"]}
    found = match_plan(save(then.plan), now(tmp_path, NONE_LEFT, marked))
    assert [code for code, _ in refused(found.plan)] == ["wholeType", "protected"]


def test_withheld_deletes_are_those_of_the_plan(tmp_path: Path) -> None:
    manifest = {"deviceTypes": [PUMP], "devices": [model("p-1", "N")]}
    doubtful: dict[str, Any] = {
        "types": [PUMP],
        "devices": [model("p-1", "M"), device("p-2"), device("p-3")],
        "doubts": ["a page was empty"],
    }
    then = {**doubtful, "doubts": [], "devices": doubtful["devices"][:2]}
    found = matched(tmp_path, manifest, then, doubtful)
    assert ends(found) == {"pump/p-1": AHEAD, "pump/p-2": "withheld: a page was empty"}
    assert found.plan.withheld == 1
    assert matched(tmp_path, manifest, doubtful, doubtful).plan.withheld == 2
    assert (
        matched(
            tmp_path, manifest, {**then, "devices": [model("p-1", "M")]}, doubtful
        ).plan.withheld
        == 0
    )


PLACE = {"latitude": 1, "longitude": 2}
NOTED = {
    "deviceTypes": [PUMP],
    "devices": [device("p-1", location=PLACE), device("p-2", location=PLACE), model("p-3", "N")],
}


def unnoted(*names: str, text: str = "M") -> dict[str, Any]:
    marks = {
        name: {} if name in names else {"mark": {"location": [1, 2]}} for name in ("p-1", "p-2")
    }
    return {
        "types": [PUMP],
        "devices": [*(device(name, **mark) for name, mark in marks.items()), model("p-3", text)],
        "locations": {f"pump/{name}": PLACE for name in names},
    }


def test_only_locations_that_the_plan_names_are_noted(tmp_path: Path) -> None:
    found = matched(tmp_path, NOTED, unnoted("p-1"), unnoted("p-1", "p-2"))
    assert [record.name for record in found.plan.records] == ["pump/p-1"]
    stale = matched(tmp_path, NOTED, unnoted("p-1"), unnoted("p-1", text="X"))
    assert (stale.is_stale, stale.plan.records) == (True, ())


def test_locations_are_read_again_only_where_the_plan_saw_something_else(tmp_path: Path) -> None:
    there = {"latitude": 3, "longitude": 4}
    manifest = {
        "deviceTypes": [PUMP],
        "devices": [device("p-1", location=there), device("p-2", location=PLACE)],
    }
    marks = [device(name, mark={"location": [1, 2]}) for name in ("p-1", "p-2")]
    unread = {"types": [PUMP], "devices": marks}
    drifted = {**unread, "locations": {"pump/p-2": there}}
    saved = save(now(tmp_path, manifest, drifted).plan)
    assert len(saved.moved) == 2
    assert unmatched_moves(saved, now(tmp_path, manifest, unread).plan) == {
        DeviceKey("pump", "p-2")
    }
    assert unmatched_moves(saved, now(tmp_path, manifest, drifted).plan) == frozenset()
