"""Take back what an apply changed, as a user does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fleetsync.cli.apply import ANSWER_SECONDS
from fleetsync.emulator.behaviour import parse_behaviour
from fleetsync.emulator.state import OrgState
from fleetsync.journal.folder import run_names
from fleetsync.lock.folder import lock_fleet
from fleetsync.tokens.file import read_tokens
from tests.conftest import StartEmulator
from tests.scenarios.conftest import IMPATIENT, TOP, Fleetsync, Folder, Result
from tests.scenarios.terminal import Terminal
from tests.scenarios.test_late_answer import MAIN, QUESTION

YES = ("--yes", "--allow-deletes", "9")
WITH_TOKENS = pytest.mark.parametrize("mode", ["client", "platform"])


def device(name: str, **values: Any) -> dict[str, Any]:
    return {"typeId": "pump", "deviceId": name, **values}


PUMP = {"id": "pump", "description": "Pump", "deviceInfo": {"model": "M"}, "metadata": {"line": 7}}
ONE = {
    "deviceTypes": [PUMP],
    "devices": [
        device("p-1", metadata={"a": 1, "b": 2}, location={"latitude": 1, "longitude": 2}),
        device("p-2", deviceInfo={"model": ""}, status={"alert": {"enabled": True}}),
        device("p-3", location={"latitude": 5, "longitude": 6, "elevation": 7}),
    ],
}
OTHER_DEVICES = [
    device("p-1", metadata={"a": 9}, location={"latitude": 1, "longitude": 3}),
    {"typeId": "fan", "deviceId": "f-1"},
]
OTHER = {
    "deviceTypes": [{**PUMP, "description": "Pumps", "metadata": {"line": 8}}, {"id": "fan"}],
    "devices": OTHER_DEVICES,
}


@pytest.fixture
def org(folder: Folder) -> Iterator[OrgState]:
    (folder.path / ".fleetsync").mkdir(exist_ok=True)
    with OrgState.open(folder.path / ".fleetsync" / "org.db") as state:
        yield state


@pytest.fixture(autouse=True)
def generous(folder: Folder) -> None:
    folder.settings({"limits": {"deletePercent": 100, "deleteCount": 9}})


def apply(folder: Folder, fleetsync: Fleetsync, manifest: dict[str, Any]) -> str:
    """Apply a manifest, and give the id of the run."""
    folder.manifest(manifest)
    assert fleetsync("apply", *YES).code == 0
    return run_names(folder.path)[0]


def held(org: OrgState) -> dict[str, Any]:
    """What the org holds, without the tool's own mark and without stamps."""
    snapshot = org.snapshot()
    for each in (*snapshot["deviceTypes"].values(), *snapshot["devices"].values()):
        each.get("metadata", {}).pop("fleetsync", None)
        each.get("location", {}).pop("measuredDateTime", None)
    return snapshot


def tokens(folder: Folder) -> dict[str, str]:
    entries = read_tokens(folder.secrets).values()
    return {f"{each.type_id}/{each.device_id}": each.token.reveal() for each in entries}


def change(org: OrgState, sql: str, *values: Any) -> None:
    with org.turn(writing=True) as turn:
        turn.connection.execute(sql, values)


def cut_journal(folder: Folder, *, behind: str) -> None:
    """Leave the last journal as a process left it that was killed after this request."""
    path = folder.path / ".fleetsync" / "runs" / f"{run_names(folder.path)[0]}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    deeds = [json.loads(line).get("deed") for line in lines]
    path.write_bytes(b"".join(lines[: deeds.index(behind) + 1]) + b'{"at": "20')


def assert_valid(org: OrgState, folder: Folder) -> None:
    assert tokens(folder).keys() == held(org)["devices"].keys()
    for name, token in tokens(folder).items():
        type_id, device_id = name.split("/")
        assert org.check_token(type_id, device_id, token), name


@WITH_TOKENS
def test_an_apply_is_taken_back_whole_and_devices_keep_their_tokens(
    folder: Folder, fleetsync: Fleetsync, org: OrgState, mode: str
) -> None:
    secrets = {"file": "secrets/tokens.jsonl", "tokens": mode}
    folder.settings({"limits": {"deletePercent": 100, "deleteCount": 9}, "secrets": secrets})
    apply(folder, fleetsync, ONE)
    before, known = held(org), tokens(folder)
    run = apply(folder, fleetsync, OTHER)
    done = fleetsync("undo", "--yes")
    assert done.code == 0
    assert held(org) == before
    assert tokens(folder) == known
    assert_valid(org, folder)
    assert done.out.startswith(
        f"Undo of run {run} for test in org embedded: delete 1 device type and 1 device,"
        " create 2 devices, update 1 device type and 1 device.\n"
    )
    assert (
        f"Undo of run {run} applied to test in org embedded: 1 device type updated,"
        " 2 devices created, 1 device updated, 1 device deleted and 1 device type deleted.\n"
    ) in done.out
    assert done.err.splitlines()[0].startswith(f"taking back run {run}, the apply of 20")


def test_what_cannot_come_back_is_said_before_anything_is_done(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    apply(folder, fleetsync, ONE)
    apply(folder, fleetsync, OTHER)
    before, files = held(org), folder.files()
    shown = fleetsync("undo", "--plan")
    assert shown.code == 0
    assert [line for line in shown.out.splitlines() if line.startswith("Warning: ")] == [
        "Warning: devices that are registered again come back without the date and author of their"
        " registration, diagnostic logs, error codes, connection log, management data and last"
        " events.",
        "Warning: the manifests may still say what is taken back here; then the next apply does it"
        " again: revert the commit as well.",
    ]
    assert "To carry it out: fleetsync -C " in shown.out
    assert held(org) == before
    changed = {name for name in files if folder.files().get(name) != files[name]}
    assert {name for name in changed if not name.startswith(".fleetsync/org.db")} == set()


def test_the_plan_of_an_undo_fits_its_schema_and_apply_refuses_it(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    run = apply(folder, fleetsync, ONE)
    shown = fleetsync("undo", "--plan", "--format", "json")
    schema = json.loads((TOP / "schemas" / "plan.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(shown.json)
    assert shown.json["undoes"] == run
    assert shown.json["summary"]["devices"] == {"create": 0, "update": 0, "delete": 3}
    plan = folder.path / "undo.json"
    plan.write_text(shown.out, "utf-8")
    refused = fleetsync("apply", plan)
    assert refused.code == 5
    assert f"carry it out with: fleetsync undo {run}" in refused.err


def test_manifests_may_be_broken_or_gone(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    apply(folder, fleetsync, ONE)
    before = held(org)
    apply(folder, fleetsync, OTHER)
    (folder.path / "manifests" / "fleet.yaml").write_text("deviceTypes: [", "utf-8")
    assert fleetsync("apply", "--yes").code == 7
    assert fleetsync("undo", "--yes").code == 0
    assert held(org) == before


def test_one_undo_after_the_other_goes_back_further(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    first = apply(folder, fleetsync, ONE)
    second = apply(folder, fleetsync, OTHER)
    assert f"taking back run {second}" in fleetsync("undo", *YES).err
    assert f"taking back run {first}" in fleetsync("undo", *YES).err
    assert held(org) == {"deviceTypes": {}, "devices": {}}
    assert tokens(folder) == {}
    nothing = fleetsync("undo", *YES)
    assert nothing.code == 2
    assert "no run that could be taken back; the last 20 runs are remembered" in nothing.err


def test_an_undo_that_is_named_is_taken_back_in_turn(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    apply(folder, fleetsync, ONE)
    second = apply(folder, fleetsync, OTHER)
    after, known = held(org), tokens(folder)
    fleetsync("undo", *YES)
    undo = run_names(folder.path)[0]
    redone = fleetsync("undo", undo, *YES)
    assert redone.code == 0
    assert f"taking back run {undo}, the undo of {second} of 20" in redone.err
    assert "manifests may still say" not in redone.out
    assert held(org) == after
    assert tokens(folder) == known
    assert_valid(org, folder)
    assert f"taking back run {second}, the apply" in fleetsync("undo", "--plan").err


def test_a_run_is_taken_back_although_newer_ones_stand(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    first = apply(folder, fleetsync, {"deviceTypes": [PUMP], "devices": [device("p-1")]})
    devices = [device("p-1", metadata={"a": 1}), device("p-2")]
    apply(folder, fleetsync, {"deviceTypes": [PUMP], "devices": devices})
    done = fleetsync("undo", first[-10:-6], *YES)
    assert done.code == 0
    assert "1 newer apply is not taken back: what changed since stays" in done.err
    assert list(held(org)["devices"]) == ["pump/p-2"]
    assert (
        "Warning: not deleted, as the type holds devices by now that this run did not register:"
        " pump.\n"
    ) in done.out


def test_what_somebody_changed_since_is_left_alone_and_said(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    apply(folder, fleetsync, ONE)
    devices = [*OTHER_DEVICES, device("p-3", metadata={"a": 1})]
    apply(folder, fleetsync, {**OTHER, "devices": devices})
    change(org, "DELETE FROM device WHERE device_id = 'p-3'")
    org.register_as_person("pump", "p-2", body={"deviceInfo": {"model": "Mine"}})
    text = json.dumps({**org.snapshot()["devices"]["pump/p-1"]["metadata"], "a": 77})
    change(org, "UPDATE device SET metadata = ? WHERE device_id = 'p-1'", text)
    done = fleetsync("undo", "--yes")
    assert done.code == 0
    warnings = [line for line in done.out.splitlines() if line.startswith("Warning: ")]
    assert warnings[:3] == [
        "Warning: left as it is, as somebody has changed it since: metadata.a of pump/p-1.",
        "Warning: not changed back, as it is not there any more: pump/p-3.",
        "Warning: not brought back, as it exists by now with other values or registered anew:"
        " pump/p-2.",
    ]
    left = held(org)["devices"]
    assert left["pump/p-1"]["metadata"] == {"a": 77, "b": 2}
    assert left["pump/p-1"]["location"] == {"latitude": 1, "longitude": 2}
    assert left["pump/p-2"]["deviceInfo"]["model"] == "Mine"
    assert "pump/p-3" not in left


def test_a_token_that_nobody_knows_is_made_anew_and_said(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    apply(folder, fleetsync, ONE)
    apply(folder, fleetsync, {"deviceTypes": [PUMP], "devices": ONE["devices"][:1]})
    lines = folder.secrets.read_text("utf-8").splitlines(keepends=True)
    folder.secrets.write_text("".join(line for line in lines if "p-2" not in line), "utf-8")
    done = fleetsync("undo", "--yes")
    assert done.code == 0
    assert (
        "Warning: registered again with a new token, which has to be brought to the device, as"
        " nobody knows the old one: pump/p-2.\n"
    ) in done.out
    assert_valid(org, folder)


def test_a_location_that_was_set_for_the_first_time_stays(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    apply(folder, fleetsync, {"deviceTypes": [PUMP], "devices": [device("p-1")]})
    place = {"latitude": 1, "longitude": 2}
    apply(folder, fleetsync, {"deviceTypes": [PUMP], "devices": [device("p-1", location=place)]})
    done = fleetsync("undo", "--yes")
    assert done.code == 0
    assert done.out.startswith("Undo of run ")
    assert "nothing is left to take back" in done.out
    assert (
        "Warning: the location stays, as there was none before, and the platform cannot unset one:"
        " pump/p-1.\n"
    ) in done.out
    assert held(org)["devices"]["pump/p-1"]["location"] == place


class TestRefusals:
    def test_deletes_beyond_the_limits_need_to_be_allowed(
        self, folder: Folder, fleetsync: Fleetsync, org: OrgState
    ) -> None:
        folder.settings({"limits": {"deletePercent": 10, "deleteCount": 1}})
        apply(folder, fleetsync, {"deviceTypes": [PUMP], "devices": [device("p-0")]})
        run = apply(folder, fleetsync, ONE | {"devices": [device("p-0"), *ONE["devices"]]})
        refused = fleetsync("undo", "--yes", "--format", "json")
        assert refused.code == 4
        assert refused.json["undoes"] == run
        assert "undo with --allow-deletes 3" in refused.err
        assert len(held(org)["devices"]) == 4
        assert fleetsync("undo", "--yes", "--allow-deletes", "3").code == 0
        assert list(held(org)["devices"]) == ["pump/p-0"]

    def test_nobody_can_be_asked(self, folder: Folder, fleetsync: Fleetsync) -> None:
        apply(folder, fleetsync, ONE)
        refused = fleetsync("undo")
        assert refused.code == 4
        assert refused.err.endswith("Error: nobody can be asked here: run again with --yes\n")

    def test_what_is_protected_is_not_deleted(
        self, folder: Folder, fleetsync: Fleetsync, org: OrgState
    ) -> None:
        kept = device("p-1", lifecycle={"protect": True})
        apply(folder, fleetsync, {"deviceTypes": [PUMP], "devices": [kept]})
        refused = fleetsync("undo", *YES)
        assert refused.code == 4
        assert "protected by lifecycle.protect, so never deleted: pump/p-1" in refused.err
        assert list(held(org)["devices"]) == ["pump/p-1"]

    @pytest.mark.parametrize(
        ("word", "words"),
        [
            ("20200101T000000-0000000000", "there is no run '20200101T000000-0000000000'; there "),
            ("", "there is no run ''; there are "),
            ("2", "run '2' may be any of "),
            ("\x1b[2J", "there is no run '\\x1b[2J'; there are "),
        ],
    )
    def test_a_run_that_is_not_there_is_named_with_those_that_are(
        self, folder: Folder, fleetsync: Fleetsync, word: str, words: str
    ) -> None:
        names = [apply(folder, fleetsync, each) for each in (ONE, OTHER)]
        refused = fleetsync("undo", word)
        assert refused.code == 2
        assert words in refused.err
        assert names[0] in refused.err

    def test_a_damaged_journal_is_no_ground_to_stand_on(
        self, folder: Folder, fleetsync: Fleetsync, org: OrgState
    ) -> None:
        first, second = (apply(folder, fleetsync, each) for each in (ONE, OTHER))
        path = folder.path / ".fleetsync" / "runs" / f"{second}.jsonl"
        path.write_bytes(path.read_bytes().replace(b"p-1", b"p-7", 1))
        before = held(org)
        for words in ((), (second,)):
            refused = fleetsync("undo", *words, *YES)
            assert refused.code == 1
            assert f"{second}.jsonl: the journal is damaged" in refused.err
            assert "naming it: fleetsync undo RUN" in refused.err
        assert held(org) == before
        assert fleetsync("undo", "--plan", first).code == 0
        path.rename(path.with_suffix(".damaged"))  # as the next apply sets it aside
        for words in ((), (second,)):
            refused = fleetsync("undo", *words, *YES)
            assert refused.code == 1
            assert f"{second}.damaged: the journal is damaged" in refused.err

    def test_a_run_of_another_fleet_is_refused(self, folder: Folder, fleetsync: Fleetsync) -> None:
        run = apply(folder, fleetsync, ONE)
        folder.settings({"fleet": "other"})
        refused = fleetsync("undo", *YES)
        assert refused.code == 5
        assert f"run {run} changed fleet 'test', not 'other'" in refused.err

    def test_a_run_of_another_org_is_refused(
        self,
        folder: Folder,
        fleetsync: Fleetsync,
        start_emulator: StartEmulator,
        credentials: Callable[[str, str], None],
    ) -> None:
        run = apply(folder, fleetsync, ONE)
        credentials("a-else-0123456789", "any")
        folder.settings({"org": {"url": start_emulator(org="else").url, "callsPerSecond": 1000}})
        refused = fleetsync("undo", *YES)
        assert refused.code == 5
        assert f"run {run} changed org 'embedded', not 'else'" in refused.err

    def test_there_is_nothing_to_take_back_in_a_new_folder(self, fleetsync: Fleetsync) -> None:
        refused = fleetsync("undo", "--plan")
        assert refused.code == 2
        assert "no run that could be taken back" in refused.err


class TestRunsThatWereCutOff:
    """A journal that is cut behind a request is what a kill leaves; tests/faults kills for real."""

    @WITH_TOKENS
    @pytest.mark.parametrize(
        "behind",
        ["create type", "update type", "create devices", "put location", "delete devices"],
    )
    def test_an_apply_that_was_cut_off_is_taken_back(
        self, folder: Folder, fleetsync: Fleetsync, org: OrgState, behind: str, mode: str
    ) -> None:
        """The org has all that was asked, the journal does not know what came after the cut."""
        secrets = {"file": "secrets/tokens.jsonl", "tokens": mode}
        folder.settings({"limits": {"deletePercent": 100, "deleteCount": 9}, "secrets": secrets})
        apply(folder, fleetsync, ONE)
        run = apply(folder, fleetsync, OTHER)
        cut_journal(folder, behind=behind)
        done = fleetsync("undo", *YES)
        assert done.code == 0
        assert "the apply of" in done.err
        assert run in done.err
        assert_valid(org, folder)
        assert fleetsync("undo", run, "--plan").out.startswith(
            f"Undo of run {run} for test in org embedded: nothing is left to take back."
        )

    def test_an_undo_that_was_cut_off_goes_on(
        self, folder: Folder, fleetsync: Fleetsync, org: OrgState
    ) -> None:
        apply(folder, fleetsync, ONE)
        before, known = held(org), tokens(folder)
        run = apply(folder, fleetsync, OTHER)
        fleetsync("undo", *YES)
        cut_journal(folder, behind="create devices")
        change(org, "UPDATE device SET alert = 0 WHERE device_id = 'p-2'")  # not yet completed
        change(org, "DELETE FROM device WHERE device_id = 'p-3'")  # not yet registered
        again = fleetsync("undo", *YES)
        assert again.code == 0
        assert f"taking back run {run}" in again.err
        assert held(org) == before
        assert tokens(folder) == known
        assert_valid(org, folder)

    def test_an_apply_after_an_undo_that_was_cut_off_loses_no_token(
        self, folder: Folder, fleetsync: Fleetsync, org: OrgState
    ) -> None:
        apply(folder, fleetsync, ONE)
        known = tokens(folder)
        run = apply(folder, fleetsync, OTHER)
        retired = folder.secrets.read_bytes()
        fleetsync("undo", *YES)
        promised = folder.secrets.read_bytes()
        cut_journal(folder, behind="create devices")
        change(org, "DELETE FROM device WHERE device_id IN ('p-2', 'p-3')")
        folder.secrets.write_bytes(retired + promised)  # it had not been settled
        assert fleetsync("apply", *YES).code == 0
        assert_valid(org, folder)
        assert fleetsync("undo", run, *YES).code == 0
        assert {**tokens(folder), **known} == tokens(folder)
        assert_valid(org, folder)


def outcome(result: Result) -> dict[str, str]:
    return {
        f"{each['typeId']}/{each.get('deviceId', '')}": each["status"]
        for each in result.json["outcomes"]
    }


def test_the_report_of_an_undo_names_the_run(folder: Folder, fleetsync: Fleetsync) -> None:
    run = apply(folder, fleetsync, {"deviceTypes": [PUMP], "devices": [device("p-1")]})
    done = fleetsync("undo", *YES, "--format", "json")
    assert done.json["undoes"] == run
    assert outcome(done) == {"pump/p-1": "done", "pump/": "done"}


def test_hostile_text_of_the_org_is_shown_escaped(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    apply(folder, fleetsync, {"deviceTypes": [PUMP], "devices": [device("p-1"), device("p-2")]})
    info = json.dumps({"model": "\x1b[2J\u202e"})
    change(org, "UPDATE device SET device_info = ? WHERE device_id = 'p-1'", info)
    apply(folder, fleetsync, {"deviceTypes": [PUMP], "devices": [device("p-2")]})
    shown = fleetsync("undo", "--plan")
    assert "\x1b" not in shown.out
    assert "\u202e" not in shown.out
    assert '"\\u001b[2J\\u202e"' in shown.out
    assert fleetsync("undo", "--yes").code == 0
    model = held(org)["devices"]["pump/p-1"]["deviceInfo"]["model"]
    assert model == "\x1b[2J\u202e"


@pytest.fixture
def served(
    folder: Folder, credentials: Callable[[str, str], None], start_emulator: StartEmulator
) -> OrgState:
    """The fleet's org behind HTTP, where faults can strike it."""
    emulator = start_emulator()
    credentials("a-embedded-0123456789", "any")
    limits = {"deletePercent": 100, "deleteCount": 9}
    folder.settings({"org": {"url": emulator.url, "callsPerSecond": 1000}, "limits": limits})
    return emulator.state


def misbehave(org: OrgState, *faults: str) -> None:
    org.faults = parse_behaviour(faults).faults


class TestTrouble:
    def test_an_apply_that_failed_in_part_is_taken_back(
        self, folder: Folder, fleetsync: Fleetsync, served: OrgState
    ) -> None:
        apply(folder, fleetsync, ONE)
        before, known = held(served), tokens(folder)
        misbehave(served, "itemFails=100%", "faultsOn=POST /bulk/devices/remove")
        folder.manifest(OTHER)
        assert fleetsync("apply", *YES).code == 6
        misbehave(served)
        assert fleetsync("undo", *YES).code == 0
        assert held(served) == before
        assert tokens(folder) == known
        assert_valid(served, folder)

    @pytest.mark.parametrize("between", [None, "apply", "undo"])
    def test_an_undo_whose_requests_never_arrive_loses_no_token(
        self, folder: Folder, fleetsync: Fleetsync, served: OrgState, between: str | None
    ) -> None:
        apply(folder, fleetsync, ONE)
        before, known = held(served), tokens(folder)
        run = apply(folder, fleetsync, OTHER)
        misbehave(served, "resetBeforeWrite=100%", "faultsOn=POST /bulk/devices/add")
        assert fleetsync("undo", *YES, waits=IMPATIENT).code in (1, 6)
        misbehave(served)
        if between:
            fleetsync(between, *YES)
        assert fleetsync("undo", run, *YES).code == 0
        assert {**tokens(folder), **known} == tokens(folder)
        assert before["devices"].keys() <= held(served)["devices"].keys()
        assert_valid(served, folder)

    def test_what_somebody_registers_while_it_is_at_work_is_left_alone(
        self, folder: Folder, fleetsync: Fleetsync, served: OrgState
    ) -> None:
        apply(folder, fleetsync, ONE)
        known = tokens(folder)
        apply(folder, fleetsync, OTHER)
        misbehave(served, "hiddenDevices=pump/p-2")
        served.register_as_person("pump", "p-2", body={"deviceInfo": {"model": "Mine"}})
        done = fleetsync("undo", *YES)
        assert done.code == 6
        assert "! pump/p-2: create: the org refused it" in done.out
        assert f"To go on: fleetsync -C {folder.path} undo 20" in done.out
        misbehave(served)
        assert held(served)["devices"]["pump/p-2"]["deviceInfo"]["model"] == "Mine"
        assert tokens(folder)["pump/p-3"] == known["pump/p-3"]
        assert "pump/p-2" not in tokens(folder)

    def test_two_do_not_work_on_a_fleet_at_once(self, folder: Folder, fleetsync: Fleetsync) -> None:
        apply(folder, fleetsync, ONE)
        with lock_fleet(folder.path, now="2026-11-23T10:00:00Z", wait=0, notify=print):
            refused = fleetsync("undo", *YES)
            assert refused.code == 1
            assert "another apply is at work on this fleet" in refused.err
            assert fleetsync("undo", "--plan").code == 0


def test_a_location_that_was_put_but_not_noted_is_read_by_the_next_plan(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    """The undo was stopped in between, so the mark tells of the location that is gone."""
    apply(folder, fleetsync, ONE)
    apply(folder, fleetsync, OTHER)
    between = org.snapshot()["devices"]["pump/p-1"]["metadata"]
    fleetsync("undo", *YES)
    cut_journal(folder, behind="put location")
    change(org, "UPDATE device SET metadata = ? WHERE device_id = 'p-1'", json.dumps(between))
    again = fleetsync("apply", *YES)
    assert again.code == 0
    assert held(org)["devices"]["pump/p-1"]["location"] == {"latitude": 1, "longitude": 3}


@pytest.mark.parametrize(("meanwhile", "code"), [(False, 0), (True, 5)])
def test_a_late_answer_holds_only_if_nothing_was_changed_meanwhile(
    folder: Folder, fleetsync: Fleetsync, org: OrgState, meanwhile: bool, code: int
) -> None:
    apply(folder, fleetsync, ONE)
    apply(folder, fleetsync, OTHER)
    clock = folder.path / "clock"
    clock.write_text("0", "utf-8")
    with Terminal(folder.path, "undo", main=MAIN) as terminal:
        terminal.wait_for(QUESTION)
        if meanwhile:
            change(org, "DELETE FROM device WHERE device_id = 'f-1'")
        clock.write_text(str(ANSWER_SECONDS + 1), "utf-8")
        terminal.type("y\r")
        assert terminal.end() == code
    told = "the org was changed while the question stood" in terminal.screen.replace("\r\n", "")
    assert told is meanwhile
    assert ("pump/p-2" in held(org)["devices"]) is not meanwhile
