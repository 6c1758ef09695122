from __future__ import annotations

from typing import Any

import pytest

from fleetsync.diff import Action, Change, Field
from fleetsync.diff.undo import Undo, changed_anything, concerned, diff_undo, moved
from fleetsync.diff.undo_case import NOTHING_SINCE, Since
from fleetsync.diff.undo_warning import AGAIN, Left, Lost
from fleetsync.journal.entry import (
    Answer,
    Before,
    Deed,
    End,
    Ending,
    Head,
    Name,
    Request,
    Seen,
    Sight,
)
from fleetsync.journal.run import Run
from fleetsync.model import (
    DeviceKey,
    Lifecycle,
    LiveDevice,
    LiveDeviceType,
    LiveFleet,
    Location,
    Registration,
)
from fleetsync.model.mark import Mark, mark_text
from fleetsync.plan import Limits, PlanRules, RefusalCode
from fleetsync.plan.undo import make_undo_plan

RUN = "20261123T170114-1a2b3c4d5e"
MARK = "1a2b3c4d5e"
OTHERS = "ffffffffff"
PUMP = LiveDeviceType("pump", "Device", "Pump", {"model": "M"}, {"line": 7})
KEY: Name = ("pump", "p-1")
OLD = Registration("app", "a-k", "2026-01-01T00:00:00Z")
NEW = Registration("app", "a-k", "2026-11-23T00:00:00Z")
HERE = Location(1, 2, 3, None, "2026-01-01T00:00:00.123Z")


def run_of(*entries: Any, undoes: str | None = None) -> Run:
    head = Head(RUN, "undo" if undoes else "apply", "emea", "abc", "sha256:x", "client", {}, undoes)
    befores: dict[Name, Before] = {}
    for entry in entries:
        if isinstance(entry, Before):
            befores.setdefault(entry.name, entry)
    seen = [entry for entry in entries if isinstance(entry, Seen)]
    return Run(
        head=head,
        started_at="2026-11-23T17:01:14Z",
        requests=tuple(entry for entry in entries if isinstance(entry, Request)),
        answers={entry.number: entry for entry in entries if isinstance(entry, Answer)},
        befores=befores,
        seen={name: entry.sight for entry in seen for name in entry.names},
        end=End("done", {}),
        ended_at="2026-11-23T17:01:20Z",
        length=0,
        check="",
    )


def did(deed: Deed, *names: Name, number: int = 1) -> list[Any]:
    return [Request(number, deed, names), Answer(number, Ending.ANSWERED)]


def device(device_id: str = "p-1", mark: Mark | None = None, **values: Any) -> LiveDevice:
    text = None if mark is None else mark_text(f"pump/{device_id}", mark)
    values.setdefault("registration", OLD)
    return LiveDevice("pump", device_id, mark=text, **values)


def org(
    *devices: LiveDevice, types: tuple[LiveDeviceType, ...] = (PUMP,), **more: Any
) -> LiveFleet:
    by_type: dict[str, dict[str, LiveDevice]] = {found.type_id: {} for found in types}
    for each in devices:
        by_type.setdefault(each.type_id, {})[each.device_id] = each
    return LiveFleet("abc", {found.type_id: found for found in types}, by_type, **more)


def brief(undo: Undo) -> list[tuple[str, str]]:
    return [(change.action.value, change.name) for change in undo.diff.changes]


def only_change(undo: Undo) -> Change:
    (change,) = undo.diff.changes
    return change


def updated(*fields: tuple[str, Any, Any], deed: Deed = Deed.UPDATE_DEVICE, **before: Any) -> Run:
    live = before.pop("live", device())
    return run_of(Before(KEY, live, fields=fields, **before), *did(deed, KEY))


class TestWhatTheRunRegistered:
    def test_it_is_deleted_if_its_mark_names_the_run(self) -> None:
        run = run_of(*did(Deed.CREATE_DEVICES, KEY))
        undo = diff_undo(run, org(device(mark=Mark(run=MARK))))
        assert brief(undo) == [("delete", "pump/p-1")]
        assert only_change(undo).reason == "the run created it"
        assert undo.warnings == (AGAIN,)

    @pytest.mark.parametrize("mark", [None, Mark(), Mark(run=OTHERS)])
    def test_it_stays_if_its_mark_does_not(self, mark: Mark | None) -> None:
        run = run_of(*did(Deed.CREATE_DEVICES, KEY))
        undo = diff_undo(run, org(device(mark=mark)))
        assert brief(undo) == []
        assert undo.warnings == (
            "not deleted, as its mark does not tell that this run registered it: pump/p-1",
        )

    def test_a_mark_copied_from_another_device_is_no_proof(self) -> None:
        copied = LiveDevice("pump", "p-1", mark=mark_text("pump/p-2", Mark(run=MARK)))
        assert brief(diff_undo(run_of(*did(Deed.CREATE_DEVICES, KEY)), org(copied))) == []

    def test_it_is_deleted_as_well_if_an_undo_registered_it_again_since(self) -> None:
        run = run_of(*did(Deed.CREATE_DEVICES, KEY))
        found = org(device(mark=Mark(run="cccccccccc")))
        heirs = {"cccccccccc": {KEY: "bbbbbbbbbb"}, "bbbbbbbbbb": {KEY: MARK}}
        assert brief(diff_undo(run, found, Since(heirs=heirs))) == [("delete", "pump/p-1")]
        circle = {"cccccccccc": {KEY: "bbbbbbbbbb"}, "bbbbbbbbbb": {KEY: "cccccccccc"}}
        assert brief(diff_undo(run, found, Since(heirs=circle))) == []

    def test_what_is_gone_already_needs_nothing(self) -> None:
        undo = diff_undo(run_of(*did(Deed.CREATE_DEVICES, KEY)), org())
        assert (brief(undo), undo.warnings) == ([], ())

    def test_what_was_never_registered_needs_nothing(self) -> None:
        run = run_of(
            Request(1, Deed.CREATE_DEVICES, (KEY,)), Answer(1, Ending.ANSWERED, failed=(KEY,))
        )
        undo = diff_undo(run, org(device(mark=Mark(run=OTHERS))))
        assert (brief(undo), undo.warnings) == ([], ())

    def test_what_nobody_knows_the_end_of_is_judged_by_its_mark(self) -> None:
        run = run_of(Request(1, Deed.CREATE_DEVICES, (KEY, ("pump", "p-2"))))
        undo = diff_undo(run, org(device(mark=Mark(run=MARK))))
        assert brief(undo) == [("delete", "pump/p-1")]

    def test_it_is_withheld_while_the_listing_is_in_doubt(self) -> None:
        run = run_of(
            *did(Deed.CREATE_TYPE, ("pump", None)), *did(Deed.CREATE_DEVICES, KEY, number=2)
        )
        undo = diff_undo(run, org(device(mark=Mark(run=MARK)), doubts=("a list lies",)))
        assert brief(undo) == []
        assert undo.diff.withheld == 2

    def test_the_requests_that_completed_it_are_not_taken_back_apart(self) -> None:
        run = run_of(
            *did(Deed.CREATE_DEVICES, KEY),
            *did(Deed.UPDATE_DEVICE, KEY, number=2),
            *did(Deed.DELETE_DEVICES, KEY, number=3),
            *did(Deed.CREATE_DEVICES, KEY, number=4),
        )
        undo = diff_undo(run, org(device(mark=Mark(run=MARK))))
        assert brief(undo) == [("delete", "pump/p-1")]


class TestTypesThatTheRunCreated:
    RUN = run_of(*did(Deed.CREATE_TYPE, ("pump", None)), *did(Deed.CREATE_DEVICES, KEY, number=2))

    def test_they_are_deleted_with_their_devices(self) -> None:
        undo = diff_undo(self.RUN, org(device(mark=Mark(run=MARK))))
        assert brief(undo) == [("delete", "pump/p-1"), ("delete", "pump")]

    def test_they_stay_if_they_hold_other_devices(self) -> None:
        undo = diff_undo(self.RUN, org(device(mark=Mark(run=MARK)), device("x")))
        assert brief(undo) == [("delete", "pump/p-1")]
        assert undo.warnings[0] == (
            "not deleted, as the type holds devices by now that this run did not register: pump"
        )

    def test_they_stay_if_nobody_knows_whether_the_run_created_them(self) -> None:
        undo = diff_undo(run_of(Request(1, Deed.CREATE_TYPE, (("pump", None),))), org())
        assert brief(undo) == []
        assert undo.warnings == (
            "not deleted, as nobody knows whether this run created the type: pump",
        )

    def test_those_that_existed_before_were_not_created(self) -> None:
        request = Request(1, Deed.CREATE_TYPE, (("pump", None),))
        undo = diff_undo(run_of(request, Answer(1, Ending.REFUSED)), org())
        assert (brief(undo), undo.warnings) == ([], ())


FIELDS: list[tuple[tuple[str, Any, Any], LiveDevice, Any]] = [
    (("deviceInfo.model", "A", "B"), device(device_info={"model": "B"}), ("B", "A")),
    (("deviceInfo.model", None, "B"), device(device_info={"model": "B"}), ("B", None)),
    (("deviceInfo.model", "A", None), device(), (None, "A")),
    (("deviceInfo.model", "A", "B"), device(device_info={"model": "A"}), None),
    (("deviceInfo.model", None, "B"), device(device_info={"model": ""}), None),
    (("deviceInfo.model", "A", "B"), device(device_info={"model": "C"}), "theirs"),
    (("metadata.a", 1, 2), device(metadata={"a": 2.0, "z": 9}), (2.0, 1)),
    (("metadata.a", True, 1), device(metadata={"a": True}), None),
    (("metadata.a", None, 2), device(metadata={"a": 2}), (2, None)),
    (("metadata.a", [1], None), device(metadata={"z": 9}), (None, [1])),
    (('metadata["c.d"].e', 1, 2), device(metadata={"c.d": {"e": 2, "f": 3}}), (2, 1)),
    (("metadata.a.b", 1, None), device(metadata={"a": {}}), (None, 1)),
    (("metadata.a.b", 1, None), device(metadata={"a": "text"}), "theirs"),
    (("metadata.a", {"b": 1}, 5), device(metadata={"a": 5}), (5, {"b": 1})),
    (("metadata.a", 1, 2), device(metadata={"a": 3}), "theirs"),
    (("metadata.a", "", "x"), device(metadata={}), "theirs"),
    (("no path..", 1, 2), device(metadata={"a": 2}), "theirs"),
    (("status.alert.enabled", False, True), device(alert_enabled=True), (True, False)),
    (("status.alert.enabled", False, True), device(), None),
    (("lifecycle.protect", False, True), device(mark=Mark(protect=True)), (True, False)),
    (("lifecycle.protect", True, False), device(mark=Mark(run=MARK)), (False, True)),
]


class TestWhatTheRunUpdated:
    @pytest.mark.parametrize(("field", "found", "expected"), FIELDS)
    def test_a_field_goes_back_only_if_it_is_as_the_run_left_it(
        self, field: tuple[str, Any, Any], found: LiveDevice, expected: Any
    ) -> None:
        undo = diff_undo(updated(field), org(found))
        if expected is None:
            assert (brief(undo), undo.warnings) == ([], ())
        elif expected == "theirs":
            words = f"left as it is, as somebody has changed it since: {field[0]} of pump/p-1"
            assert (brief(undo), undo.warnings) == ([], (words,))
        else:
            assert only_change(undo).fields == (Field(field[0], *expected),)
            assert only_change(undo).action is Action.UPDATE

    def test_all_other_metadata_stays_as_it_is_now(self) -> None:
        fields = (("metadata.a", 1, 2), ("metadata.b", None, 3), ("metadata.c", 4, 5))
        found = device(metadata={"a": 2, "b": 3, "c": 6, "new": 7})
        undo = diff_undo(updated(*fields), org(found))
        after = only_change(undo).after
        assert after is not None
        assert after.metadata == {"a": 1, "c": 6, "new": 7}
        assert undo.warnings == (
            "left as it is, as somebody has changed it since: metadata.c of pump/p-1",
            Lost.KEYS,
            AGAIN,
        )

    def test_protection_that_the_run_did_not_touch_is_kept(self) -> None:
        found = device(mark=Mark(protect=True), device_info={"model": "B"})
        undo = diff_undo(updated(("deviceInfo.model", "A", "B")), org(found))
        after = only_change(undo).after
        assert after is not None
        assert after.lifecycle == Lifecycle(protect=True)
        assert only_change(undo).fields == (Field("deviceInfo.model", "B", "A"),)

    def test_what_the_platform_once_refused_to_change_back_is_not_tried_again(self) -> None:
        from fleetsync.model.mark import kept_fingerprint  # noqa: PLC0415  # used here alone

        kept = frozenset({kept_fingerprint("metadata.a", before=2, after=None)})
        found = device(metadata={"a": 2}, mark=Mark(kept=kept))
        undo = diff_undo(updated(("metadata.a", None, 2)), org(found))
        assert brief(undo) == []
        assert undo.diff.kept == [("pump/p-1", Field("metadata.a", 2, None))]

    def test_a_device_that_is_gone_is_said_to_be(self) -> None:
        undo = diff_undo(updated(("metadata.a", 1, 2)), org())
        assert undo.warnings == ("not changed back, as it is not there any more: pump/p-1",)

    def test_a_request_that_was_never_sent_leaves_nothing_to_take_back(self) -> None:
        run = run_of(Before(KEY, device(), fields=(("metadata.a", 1, 2),)))
        assert brief(diff_undo(run, org(device(metadata={"a": 2})))) == []

    def test_a_type_goes_back_field_by_field(self) -> None:
        fields = (
            ("description", None, "Pump"),
            ("deviceInfo.model", "L", "M"),
            ("deviceInfo.manufacturer", "A", None),
            ("metadata.line", 6, 7),
            ("lifecycle.protect", False, True),
        )
        before = Before(("pump", None), PUMP, fields=fields)
        run = run_of(before, *did(Deed.UPDATE_TYPE, ("pump", None)))
        found = PUMP._replace(mark=mark_text("pump", Mark(protect=True)))
        undo = diff_undo(run, org(types=(found,)))
        assert only_change(undo).fields == (
            Field("description", "Pump", None),
            Field("deviceInfo.model", "M", "L"),
            Field("deviceInfo.manufacturer", None, "A"),
            Field("metadata.line", 7, 6),
            Field("lifecycle.protect", True, False),
        )


MOVED = (("location.latitude", 1, 8), ("location.elevation", 3, None))
THERE = Location(8, 2, None, None, "2026-11-23T17:01:14.000Z")


def move(found: LiveDevice, place: Location | None, **before: Any) -> Undo:
    fields = before.pop("fields", MOVED)
    before = {"location": HERE, "located": True, **before}
    run = updated(*fields, deed=Deed.PUT_LOCATION, **before)
    return diff_undo(run, org(found, locations={DeviceKey("pump", "p-1"): place}))


class TestLocations:
    def test_it_goes_back_whole_with_its_measuring_time(self) -> None:
        change = only_change(move(device(), THERE))
        assert change.location == HERE
        assert change.fields == (
            Field("location.latitude", 8, 1),
            Field("location.elevation", None, 3),
            Field(
                "location.measuredDateTime", "2026-11-23T17:01:14.000Z", "2026-01-01T00:00:00.123Z"
            ),
        )

    def test_one_that_is_back_already_stays(self) -> None:
        undo = move(device(), HERE._replace(measured="2026-11-23T18:00:00.000Z"))
        assert (brief(undo), undo.warnings) == ([], ())

    def test_one_that_somebody_changed_since_stays(self) -> None:
        undo = move(device(), Location(8, 2.5))
        assert brief(undo) == []
        assert undo.warnings == (
            "left as it is, as somebody has changed it since: location of pump/p-1",
        )

    def test_one_that_was_set_for_the_first_time_stays(self) -> None:
        fields = (("location.latitude", None, 8), ("location.longitude", None, 2))
        undo = move(device(), THERE, location=None, fields=fields)
        assert brief(undo) == []
        assert undo.warnings == (
            "the location stays, as there was none before, and the platform cannot unset one:"
            " pump/p-1",
        )

    def test_one_that_nobody_could_record_does_not_come_back(self) -> None:
        undo = move(device(), THERE, location=None, located=False)
        assert undo.warnings == (
            "the location does not come back, as it could not be recorded: pump/p-1",
        )

    def test_a_declared_measuring_time_counts(self) -> None:
        fields = (("location.measuredDateTime", HERE.measured, THERE.measured),)
        change = only_change(move(device(), HERE._replace(measured=THERE.measured), fields=fields))
        assert change.location == HERE

    @pytest.mark.parametrize(
        ("stamp", "sent"),
        [
            ("2026-01-01T00:00:00.123456Z", "2026-01-01T00:00:00.123Z"),
            ("2026-01-01T00:00:00.123456+01:00", "2026-01-01T00:00:00.123+01:00"),
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("one two #three", None),
            ("", None),
        ],
    )
    def test_a_stamp_is_put_in_a_form_that_is_accepted(self, stamp: str, sent: str | None) -> None:
        change = only_change(move(device(), THERE, location=HERE._replace(measured=stamp)))
        assert change.location == HERE._replace(measured=sent)

    def test_only_moved_devices_have_their_location_read(self) -> None:
        run = run_of(
            Before(KEY, device(), HERE, located=True, fields=MOVED),
            *did(Deed.PUT_LOCATION, KEY, ("pump", "new")),
            *did(Deed.UPDATE_DEVICE, ("fan", "f-1"), number=2),
        )
        assert moved(run) == {DeviceKey("pump", "p-1")}
        part = concerned(run)
        assert list(part.types) == ["fan", "pump"]
        assert [list(devices) for devices in part.devices.values()] == [[], ["p-1"]]


def deleted(recorded: LiveDevice, **before: Any) -> Run:
    before = {"location": HERE, "located": True, **before}
    return run_of(Before(KEY, recorded, **before), *did(Deed.DELETE_DEVICES, KEY))


RECORDED = device(
    mark=Mark(HERE, protect=True, run=OTHERS),
    device_info={"serialNumber": "1", "manufacturer": "A"},
    metadata={"a": {"b": None}},
    alert_enabled=True,
)


class TestWhatTheRunDeleted:
    def test_it_is_registered_again_as_it_was_recorded(self) -> None:
        undo = diff_undo(deleted(RECORDED), org())
        change = only_change(undo)
        after = change.after
        assert change.action is Action.CREATE
        assert after is not None
        assert after._asdict() | {"source": None} == {
            "type_id": "pump",
            "device_id": "p-1",
            "source": None,
            "device_info": {"model": "", "serialNumber": "1", "manufacturer": "A"},
            "metadata": {"a": {"b": None}},
            "location": HERE,
            "alert_enabled": True,
            "lifecycle": Lifecycle(protect=True),
        }
        assert change.inherited == ({"model": "M"}, {"line": 7})
        assert undo.warnings == (Lost.HISTORY, AGAIN)

    def test_it_comes_back_whatever_its_type_passes_on_before_or_after_this_undo(self) -> None:
        fields: tuple[tuple[str, Any, Any], ...] = (
            ("deviceInfo.model", None, "M"),
            ("deviceInfo.fwVersion", "1", None),
            ("metadata.a", {"x": 1}, {"y": 2}),
        )
        found = PUMP._replace(metadata={"line": 7, "a": {"y": 2}})
        before = Before(("pump", None), PUMP, fields=fields)
        run = run_of(
            before,
            *did(Deed.UPDATE_TYPE, ("pump", None)),
            Before(KEY, device(), located=True),
            *did(Deed.DELETE_DEVICES, KEY, number=2),
        )
        create = diff_undo(run, org(types=(found,))).diff.changes[1]
        assert create.after is not None
        assert create.after.device_info == {"model": "", "fwVersion": ""}
        assert create.inherited.metadata == {"line": 7, "a": {"x": 1, "y": 2}}

    def test_its_type_comes_back_first(self) -> None:
        hub = LiveDeviceType("pump", "Gateway", "", {"model": "M"}, {}, mark_text("pump", Mark()))
        run = run_of(
            Before(KEY, device(), located=True),
            *did(Deed.DELETE_DEVICES, KEY),
            Before(("pump", None), hub),
            *did(Deed.DELETE_TYPE, ("pump", None), number=2),
        )
        undo = diff_undo(run, org(types=()))
        assert brief(undo) == [("create", "pump"), ("create", "pump/p-1")]
        of_type, of_device = undo.diff.changes
        assert of_type.after is not None
        assert of_type.after[2:6] == ("Gateway", "", {"model": "M"}, None)
        assert of_device.gateway
        assert of_device.after is not None
        assert of_device.after.device_info == {"model": ""}
        assert undo.warnings == (Lost.HISTORY, Lost.TYPES, AGAIN)

    def test_it_cannot_come_back_without_its_type(self) -> None:
        undo = diff_undo(deleted(RECORDED), org(types=()))
        assert brief(undo) == []
        assert undo.warnings == (
            "not brought back, as its device type is gone, which this run did not delete: pump/p-1",
        )

    def test_a_location_that_could_not_be_recorded_is_said(self) -> None:
        undo = diff_undo(deleted(RECORDED, location=None, located=False), org())
        assert brief(undo) == [("create", "pump/p-1")]
        assert undo.warnings[0] == (
            "the location does not come back, as it could not be recorded: pump/p-1"
        )

    def test_the_tie_to_a_gateway_is_said_to_be_lost(self) -> None:
        undo = diff_undo(deleted(RECORDED._replace(via_gateway=True)), org())
        assert Lost.TIES in undo.warnings

    def test_one_that_was_not_deleted_after_all_needs_nothing(self) -> None:
        undo = diff_undo(deleted(RECORDED), org(RECORDED))
        assert (brief(undo), undo.warnings) == ([], ())

    def test_one_that_is_seen_to_be_there_still_needs_nothing(self) -> None:
        run = run_of(
            Before(KEY, RECORDED), *did(Deed.DELETE_DEVICES, KEY), Seen(Sight.THERE, (KEY,))
        )
        assert brief(diff_undo(run, org())) == []

    def test_one_that_somebody_registered_anew_stays(self) -> None:
        undo = diff_undo(deleted(RECORDED), org(device(registration=NEW)))
        assert brief(undo) == []
        assert undo.warnings == (
            "not brought back, as it exists by now with other values or registered anew: pump/p-1",
        )

    def test_one_that_an_unfinished_undo_registered_is_completed(self) -> None:
        half = RECORDED._replace(
            mark=mark_text("pump/p-1", Mark(HERE, protect=True, run="cccccccccc")),
            registration=NEW,
            alert_enabled=False,
            device_info={"model": "M", "serialNumber": "1", "manufacturer": "A"},
        )
        undo = diff_undo(deleted(RECORDED), org(half), Since(frozenset({"cccccccccc"})))
        assert only_change(undo).fields == (
            Field("deviceInfo.model", "M", None),
            Field("status.alert.enabled", False, True),
        )
        assert brief(diff_undo(deleted(RECORDED), org(half), NOTHING_SINCE)) == []

    @pytest.mark.parametrize(
        ("found", "words"),
        [
            (PUMP, ()),
            (
                PUMP._replace(class_id="Gateway"),
                (f"{Left.EXISTS.value}: pump",),
            ),
        ],
    )
    def test_a_type_that_exists_by_now_is_not_touched(
        self, found: LiveDeviceType, words: tuple[str, ...]
    ) -> None:
        run = run_of(Before(("pump", None), PUMP), *did(Deed.DELETE_TYPE, ("pump", None)))
        undo = diff_undo(run, org(types=(found,)))
        assert (brief(undo), undo.warnings) == ([], words)


def test_an_undo_that_is_taken_back_does_not_warn_of_the_manifests() -> None:
    run = run_of(*did(Deed.CREATE_DEVICES, KEY), undoes="20261122T170114-0000000000")
    undo = diff_undo(run, org(device(mark=Mark(run=MARK))))
    assert (brief(undo), undo.warnings) == ([("delete", "pump/p-1")], ())


def test_many_names_are_counted() -> None:
    names: list[Name] = [("pump", f"p-{number:02}") for number in range(12)]
    run = run_of(*did(Deed.CREATE_DEVICES, *names))
    undo = diff_undo(run, org(*(device(str(device_id)) for _, device_id in names)))
    assert undo.warnings == (
        "not deleted, as its mark does not tell that this run registered it: pump/p-00, pump/p-01,"
        " pump/p-02, pump/p-03, pump/p-04, pump/p-05, pump/p-06, pump/p-07, pump/p-08, pump/p-09"
        " and 2 more",
    )


def test_a_note_in_a_mark_is_no_change_that_could_be_taken_back() -> None:
    assert not changed_anything(run_of(Before(KEY, device()), *did(Deed.UPDATE_DEVICE, KEY)))
    assert changed_anything(updated(("metadata.a", 1, 2)))
    assert changed_anything(run_of(*did(Deed.CREATE_TYPE, ("pump", None))))
    assert not changed_anything(run_of())


class TestThePlan:
    RULES = PlanRules("emea", limits=Limits(10, 1))

    def test_it_names_the_run_and_counts_nothing_as_unmanaged(self) -> None:
        run = run_of(*did(Deed.CREATE_DEVICES, KEY))
        live = org(device(mark=Mark(run=MARK)), unmanaged_types=5, unmanaged_devices=7)
        plan = make_undo_plan(run, live, rules=self.RULES, created_at="2026-11-23T18:00:00Z")
        assert plan.undoes == RUN
        assert plan.unmanaged == (0, 0)
        assert plan.manifest_digest.startswith("sha256:")
        assert plan.sizes is not None
        assert (plan.sizes.types, plan.sizes.devices) == (6, {"pump": 1})

    def test_it_is_weighed_by_the_limits_of_every_plan(self) -> None:
        keys: list[Name] = [("pump", f"p-{number}") for number in range(3)]
        run = run_of(*did(Deed.CREATE_DEVICES, *keys))
        found = [device(str(name), mark=Mark(run=MARK)) for _, name in keys]
        plan = make_undo_plan(run, org(*found), rules=self.RULES, created_at="")
        assert {refusal.code: refusal.deletes for refusal in plan.refusals} == {
            RefusalCode.DELETE_LIMIT: 3,
            RefusalCode.WHOLE_TYPE: 3,
        }

    def test_a_type_that_goes_itself_may_lose_all_its_devices(self) -> None:
        run = run_of(
            *did(Deed.CREATE_TYPE, ("pump", None)), *did(Deed.CREATE_DEVICES, KEY, number=2)
        )
        live = org(device(mark=Mark(run=MARK)))
        plan = make_undo_plan(run, live, rules=self.RULES, created_at="")
        assert plan.refusals == ()
        assert [change.name for change in plan.changes] == ["pump/p-1", "pump"]

    def test_what_is_protected_is_never_deleted(self) -> None:
        run = run_of(*did(Deed.CREATE_DEVICES, KEY))
        live = org(device(mark=Mark(protect=True, run=MARK)), device("other"))
        plan = make_undo_plan(run, live, rules=self.RULES, created_at="")
        assert [refusal.code for refusal in plan.refusals] == [RefusalCode.PROTECTED]
