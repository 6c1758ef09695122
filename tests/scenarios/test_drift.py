"""Tell what somebody did in the org from what git has still to bring, as a user does."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator

from fleetsync.diff.change import Action, Field
from fleetsync.emulator.running import Emulator
from tests.report.html_reading import data_block, read_changes
from tests.report.test_html_plan import outline
from tests.scenarios.conftest import TOP, Fleetsync, Folder, Result

SCHEMA = json.loads((TOP / "schemas" / "drift.schema.json").read_text("utf-8"))
KEY = ("a-embedded-k0dl0vqqrk", "t0ken-of-the-key!")


def device(name: str, **values: Any) -> dict[str, Any]:
    return {"typeId": "pump", "deviceId": name, **values}


FLEET = {
    "deviceTypes": [
        {"id": "pump", "lifecycle": {"ignoreChanges": ["deviceInfo.fwVersion"]}},
        {"id": "hub", "classId": "Gateway"},
    ],
    "devices": [
        device("p-1", metadata={"floor": 1, "tags": ["a"]}, deviceInfo={"fwVersion": "1"}),
        device("p-2", location={"latitude": 1, "longitude": 2}),
        device("p-3", metadata={"floor": 3}),
        {"typeId": "hub", "deviceId": "h-1"},
    ],
}


class Org:
    """The org as others use it, over real HTTP."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def url(self, name: str, *more: str) -> str:
        type_id, device_id = name.split("/")
        return "/".join(
            [f"{self.emulator.url}/api/v0002/device/types/{type_id}/devices/{device_id}", *more]
        )

    def put(self, name: str, body: dict[str, Any], *more: str) -> None:
        answer = requests.put(self.url(name, *more), json=body, auth=KEY, timeout=30)
        assert answer.ok, answer.text

    def get(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(self.url(name), auth=KEY, timeout=30).json()
        return found

    def edit(self, name: str, **metadata: Any) -> None:
        """Set keys of the metadata as a dashboard does: all of them are sent, ours as well."""
        whole = {**self.get(name).get("metadata", {}), **metadata}
        self.put(name, {"metadata": {k: v for k, v in whole.items() if v is not None}})

    def delete(self, name: str) -> None:
        assert requests.delete(self.url(name), auth=KEY, timeout=30).ok


@pytest.fixture
def org(emulator: Emulator, folder: Folder, credentials: Callable[[str, str], None]) -> Org:
    credentials(*KEY)
    limits = {"deletePercent": 100, "deleteCount": 9}
    folder.settings({"org": {"url": emulator.url, "callsPerSecond": 1000}, "limits": limits})
    return Org(emulator)


@pytest.fixture
def applied(org: Org, folder: Folder, fleetsync: Fleetsync) -> Org:
    """The fleet, applied and committed."""
    folder.manifest(FLEET)
    (folder.path / ".gitignore").write_text("secrets/\n.fleetsync/\n", "utf-8")
    git(folder, "init", "-q")
    commit(folder)
    assert fleetsync("apply", "--yes").code == 0
    return org


def git(folder: Folder, *words: str) -> None:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    subprocess.run(["git", "-C", str(folder.path), *who, *words], check=True, capture_output=True)


def commit(folder: Folder) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "as applied", "--allow-empty")


def found(fleetsync: Fleetsync, *words: str) -> dict[str, Any]:
    result = fleetsync("drift", "--format", "json", *words)
    assert (result.code, result.err) == (0, ""), result.err
    document: dict[str, Any] = result.json
    Draft202012Validator(SCHEMA).validate(document)
    return document


def brief(document: dict[str, Any]) -> list[tuple[str, ...]]:
    """Each finding in short: its standing, what, whose, and the paths of its fields."""
    return [
        (
            each["standing"],
            each["what"],
            "/".join([each["typeId"], *([each["deviceId"]] if "deviceId" in each else [])]),
            *(field["path"] for field in each["fields"]),
        )
        for each in document["findings"]
    ]


def meddle(org: Org) -> None:
    """Do in the org what others do."""
    state = org.emulator.state
    state.register_as_person("pump", "by-ann", body={"metadata": {"room": "B7"}})
    state.register_by_gateway("pump", "behind-hub", gateway=("hub", "h-1"))
    org.edit("pump/p-1", floor=5)
    org.put("pump/p-1", {"deviceInfo": {"fwVersion": "2"}})
    org.delete("pump/p-3")


@pytest.mark.parametrize("words", [(), ("--since", "HEAD")])
def test_what_others_did_in_the_org_is_drift(
    applied: Org, fleetsync: Fleetsync, words: tuple[str, ...]
) -> None:
    assert brief(found(fleetsync, *words)) == []
    meddle(applied)
    document = found(fleetsync, *words)
    assert brief(document) == [
        ("drift", "added", "pump/by-ann"),
        ("drift", "changed", "pump/p-1", "metadata.floor"),
        ("drift", "deleted", "pump/p-3"),
    ]
    added, changed, deleted = document["findings"]
    assert added["registered"]["by"] == "person"
    assert changed["fields"] == [
        {"path": "metadata.floor", "standing": "drift", "base": 1, "manifest": 1, "live": 5}
    ]
    assert deleted["source"]["file"] == "manifests/fleet.yaml"
    assert [(s["deviceId"], s["registered"]["by"]) for s in document["strays"]] == [
        ("behind-hub", "gateway")
    ]
    assert document["drifted"] is True
    assert fleetsync("drift", "--exit-code", *words).code == 3


def test_what_git_has_still_to_bring_is_pending(
    applied: Org, folder: Folder, fleetsync: Fleetsync
) -> None:
    later = json.loads(json.dumps(FLEET))
    later["devices"][0]["metadata"]["floor"] = 2
    later["devices"][2:3] = [device("p-4")]
    folder.manifest(later)
    assert brief(found(fleetsync, "--since", "HEAD")) == [
        ("pending", "added", "pump/p-3"),
        ("pending", "changed", "pump/p-1", "metadata.floor"),
        ("pending", "deleted", "pump/p-4"),
    ]
    assert fleetsync("drift", "--since", "HEAD", "--exit-code").code == 0
    applied.edit("pump/p-1", floor=9)
    applied.edit("pump/p-3", floor=9)
    assert brief(found(fleetsync, "--since", "HEAD")) == [
        ("conflict", "added", "pump/p-3"),
        ("conflict", "changed", "pump/p-1", "metadata.floor"),
        ("pending", "deleted", "pump/p-4"),
    ]


def test_without_a_base_nobody_can_tell_which_side_moved(
    applied: Org, folder: Folder, fleetsync: Fleetsync
) -> None:
    meddle(applied)
    (folder.path / ".fleetsync").rename(folder.path.parent / "elsewhere")
    folder.secrets.unlink()
    document = found(fleetsync)
    assert document["base"] == {"kind": "none", "name": None}
    assert brief(document) == [
        ("drift", "added", "pump/by-ann"),
        ("unknown", "changed", "pump/p-1", "metadata.floor"),
        ("pending", "deleted", "pump/p-3"),
    ]


def test_a_valid_token_proves_that_a_device_was_registered(
    applied: Org, folder: Folder, fleetsync: Fleetsync
) -> None:
    applied.delete("pump/p-3")
    (folder.path / ".fleetsync").rename(folder.path.parent / "elsewhere")
    assert brief(found(fleetsync)) == [("drift", "deleted", "pump/p-3")]


def test_the_journal_proves_what_the_last_apply_wrote(
    applied: Org, folder: Folder, fleetsync: Fleetsync
) -> None:
    later = json.loads(json.dumps(FLEET))
    later["devices"][0]["metadata"]["floor"] = 2
    folder.manifest(later)
    assert fleetsync("apply", "--yes").code == 0
    applied.edit("pump/p-1", floor=3)
    later["devices"][2]["metadata"]["floor"] = 4
    folder.manifest(later)
    document = found(fleetsync)
    assert document["base"]["kind"] == "run"
    assert brief(document) == [
        ("drift", "changed", "pump/p-1", "metadata.floor"),
        ("unknown", "changed", "pump/p-3", "metadata.floor"),
    ]


def test_drift_sends_get_requests_alone(applied: Org, fleetsync: Fleetsync) -> None:
    meddle(applied)
    applied.emulator.state.reset_calls()
    found(fleetsync, "--since", "HEAD")
    assert {call.split(" ")[0] for call in applied.emulator.state.calls} == {"GET"}


def test_a_moved_device_is_found_where_locations_are_read(
    applied: Org, fleetsync: Fleetsync
) -> None:
    applied.put("pump/p-2", {"latitude": 5, "longitude": 2}, "location")
    assert brief(found(fleetsync)) == []
    assert brief(found(fleetsync, "--refresh-locations")) == [
        ("drift", "changed", "pump/p-2", "location.latitude")
    ]


def test_devices_of_types_that_nobody_declares_are_told_when_asked_for(
    applied: Org, fleetsync: Fleetsync
) -> None:
    types = f"{applied.emulator.url}/api/v0002/device/types"
    assert requests.post(types, json={"id": "fan"}, auth=KEY, timeout=30).ok
    applied.emulator.state.register_as_person("fan", "f-1")
    document = found(fleetsync)
    assert document["summary"]["unmanaged"] == {"deviceTypes": 1, "devices": 1}
    assert document["strays"] == []
    document = found(fleetsync, "--unmanaged")
    assert document["summary"]["unmanaged"] == {"deviceTypes": 1, "devices": 1}
    (stray,) = document["strays"]
    assert (stray["typeId"], stray["deviceId"]) == ("fan", "f-1")
    assert stray["registered"]["name"] == "person@example.com"
    assert stray["reason"] == "no manifest speaks of its type"
    assert document["drifted"] is False


def test_of_an_api_key_no_more_than_its_beginning_is_told(
    applied: Org, fleetsync: Fleetsync
) -> None:
    url = f"{applied.emulator.url}/api/v0002/device/types/pump/devices"
    assert requests.post(url, json={"deviceId": "by-key"}, auth=KEY, timeout=30).ok
    (added,) = found(fleetsync, "--since", "HEAD")["findings"]
    assert added["registered"] | {"date": None} == {
        "by": "apiKey",
        "name": "a-embedded-k0dl***",
        "date": None,
        "run": None,
    }
    assert KEY[0] not in fleetsync("drift").out


BAD_REVISIONS = {
    "no such revision": "nonsense",
    "an option": "--output=x",
    "a tree": "HEAD:manifests",
}


@pytest.mark.parametrize("revision", BAD_REVISIONS.values(), ids=list(BAD_REVISIONS))
def test_a_revision_that_is_none_is_refused(
    applied: Org, fleetsync: Fleetsync, revision: str
) -> None:
    result = fleetsync("drift", f"--since={revision}")
    assert result.code == 2
    assert f"--since {revision}: git knows no such revision here" in result.err


def test_a_revision_whose_manifests_are_not_valid_is_no_base(
    applied: Org, folder: Folder, fleetsync: Fleetsync
) -> None:
    write_manifest(folder, "deviceTypes: [{id: pump, colour: red}]\n")
    commit(folder)
    folder.manifest(FLEET)
    result = fleetsync("drift", "--since", "HEAD")
    assert result.code == 2
    assert "the manifests of that revision are not valid" in result.err
    assert "manifests/fleet.yaml:1:26: unknown key" in result.err


def test_a_fleet_outside_of_git_has_no_revisions(
    org: Org, folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(FLEET)
    result = fleetsync("drift", "--since", "HEAD")
    assert result.code == 2
    assert "--since needs a fleet that lies in a git work tree" in result.err
    (folder.path / ".git").write_text("gitdir: gone\n", "utf-8")
    result = fleetsync("drift", "--since", "HEAD")
    assert re.search("git says: fatal: not a git repository: .*gone", result.err)


def text(result: Result) -> str:
    """What was shown, without what differs from run to run."""
    assert result.code == 0, result.err
    return result.out


def test_text_says_who_did_what(applied: Org, fleetsync: Fleetsync) -> None:
    meddle(applied)
    dated = {
        name: applied.get(f"pump/{name}")["registration"]["date"]
        for name in ("by-ann", "behind-hub")
    }
    shown = text(fleetsync("drift", "--since", "HEAD"))
    assert shown.splitlines()[0] == (
        "Drift of test in org embedded: 1 device deleted, 1 device added, 1 device changed."
    )
    assert shown.splitlines()[3:] == [
        "Deleted in the org: 1 device",
        "  - pump/p-3                              manifests/fleet.yaml:22",
        "",
        "Added in the org: 1 device",
        "  + pump/by-ann                           registered by person person@example.com on"
        f" {dated['by-ann']}",
        "",
        "Changed in the org: 1 device",
        "  ~ pump/p-1                              manifests/fleet.yaml:9",
        "      metadata.floor  1 -> 5",
        "",
        "Left alone by apply: 1 device that no manifest declares",
        "    pump/behind-hub                       registered by gateway g:embedded:hub:h-1 on"
        f" {dated['behind-hub']}; a gateway registered them",
        "",
        "API calls: 3 to read.",
    ]


def test_a_page_shows_both_sides_of_what_differs(applied: Org, fleetsync: Fleetsync) -> None:
    meddle(applied)
    page = fleetsync("drift", "--since", "HEAD", "--format", "html").out
    block = data_block(page)
    assert block["labels"]["before"] == "Manifest"
    told = {change.name: change for change in read_changes(page)}
    assert {name: change.action for name, change in told.items()} == {
        "pump/p-3": Action.DELETE,
        "pump/by-ann": Action.CREATE,
        "pump/p-1": Action.UPDATE,
    }
    assert told["pump/p-1"].fields == (Field("metadata.floor", 1, 5),)
    assert told["pump/p-3"].fields == (Field("metadata.floor", 3, None),)
    by_ann = next(shape for shape in block["shapes"] if "person@example.com" in shape[-1])
    assert by_ann[-2] == "drift"
    assert "1 device deleted, 1 device added, 1 device changed" in page
    assert "pump/behind-hub: registered by gateway g:embedded:hub:h-1" in page


def test_hostile_text_of_the_org_adds_nothing_to_a_page(applied: Org, fleetsync: Fleetsync) -> None:
    meddle(applied)
    calm = outline(fleetsync("drift", "--since", "HEAD", "--format", "html").out)
    applied.edit("pump/p-1", floor="</script><script>alert(1)</script><img src=x>\x1b[2J")
    hostile = outline(fleetsync("drift", "--since", "HEAD", "--format", "html").out)
    assert (hostile.tags, hostile.attributes) == (calm.tags, calm.attributes)


def test_markdown_is_short_and_its_text_cannot_break_out(
    applied: Org, fleetsync: Fleetsync, tmp_path: Path
) -> None:
    applied.edit("pump/p-1", floor="\n```\n@everyone <img src=x> --> ![](http://x)")
    for number in range(200):
        applied.emulator.state.register_as_person(
            "pump", f"added-{number:03}", body={"metadata": {"text": f"{number}" * 50}}
        )
    place = tmp_path / "drift.md"
    words = ("drift", "--since", "HEAD", "--max-bytes", "4000", "--output", f"markdown={place}")
    assert fleetsync(*words).code == 0
    shown = place.read_text("utf-8")
    assert len(shown.encode("utf-8")) <= 4_000
    assert shown.startswith("<!-- fleetsync-drift: fleet=test digest=sha256:")
    assert "added-{000..199} (200 devices)" in shown
    assert "registered by person person@example.com on 20" in shown
    outside = re.sub(r"^(`{3,})diff$.*?^\1$", "", shown, flags=re.M | re.S)
    assert "@everyone" not in outside
    assert "<img" not in outside


MANIFEST = """\
# The pumps of building 7.
deviceTypes:
  - id: pump   # water
    lifecycle: {ignoreChanges: [deviceInfo.fwVersion]}
  - {id: hub, classId: Gateway}

devices:
  # By the door.
  - typeId: pump
    deviceId: p-1
    deviceInfo: {fwVersion: '1', serialNumber: '0001'}   # from the label
    metadata:
      floor: 1    # counted from the street
      tags:
        - a   # first
        # spare
        - b

  # Gone soon.
  - typeId: pump
    deviceId: p-3
    metadata: {floor: 3}
  - {typeId: hub, deviceId: h-1}
"""
ACCEPTED = """\
# The pumps of building 7.
deviceTypes:
  - id: pump   # water
    lifecycle: {ignoreChanges: [deviceInfo.fwVersion]}
  - {id: hub, classId: Gateway}

devices:
  # By the door.
  - typeId: pump
    deviceId: p-1
    deviceInfo: {fwVersion: '1', serialNumber: 'it''s new'}   # from the label
    metadata:
      floor: 5    # counted from the street
      tags:
        - a   # first
        # spare
      owner: "@all: \\n#"

  - {typeId: hub, deviceId: h-1}
  - {typeId: pump, deviceId: by-ann, metadata: {room: B7}}
"""


def write_manifest(folder: Folder, text: str, name: str = "fleet.yaml") -> Path:
    path = folder.path / "manifests" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
    return path


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_drift_is_written_into_the_manifests_and_nothing_else_changes(
    org: Org, folder: Folder, fleetsync: Fleetsync, line_end: str
) -> None:
    path = write_manifest(folder, MANIFEST.replace("\n", line_end))
    path.chmod(0o640)
    assert fleetsync("apply", "--yes").code == 0
    meddle(org)
    org.edit("pump/p-1", tags=["a"], owner="@all: \n#")
    org.put("pump/p-1", {"deviceInfo": {"fwVersion": "2", "serialNumber": "it's new"}})
    document = found(fleetsync, "--write")
    assert document["written"] == {
        "files": [{"file": "manifests/fleet.yaml", "added": 1, "deleted": 1, "changed": 1}],
        "left": [],
    }
    assert path.read_bytes().decode("utf-8") == ACCEPTED.replace("\n", line_end)
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in path.parent.iterdir()] == ["fleet.yaml"]
    assert fleetsync("plan", "--exit-code").code == 0
    again = path.read_bytes()
    assert found(fleetsync, "--write")["written"] == {"files": [], "left": []}
    assert path.read_bytes() == again


SETS = """\
deviceTypes: [{id: pump}]
deviceSets:
  - typeId: pump
    csv: factory.csv
    deviceId: ${serial}
    deviceInfo: {serialNumber: "${serial}", description: "${words}"}
    metadata: {room: "${room}"}
  - {typeId: pump, deviceIds: ["set-{1..3}"], metadata: {a: 1}}
"""
ROWS = 'serial,words,room\nc-1,"one, two",r 1\nc-2,two,r 2\n\nc-3,three,r 3\n'


def test_devices_of_sets_are_written_where_a_cell_can_say_it(
    org: Org, folder: Folder, fleetsync: Fleetsync
) -> None:
    path = write_manifest(folder, SETS)
    table = folder.path / "factory.csv"
    table.write_text(ROWS, "utf-8")
    assert fleetsync("apply", "--yes").code == 0
    org.put("pump/c-1", {"deviceInfo": {"serialNumber": "c-1", "description": 'so "it" is'}})
    org.edit("pump/c-2", room="r, 9")
    org.delete("pump/c-3")
    org.edit("pump/set-1", a=2)
    org.delete("pump/set-2")
    written = found(fleetsync, "--write")["written"]
    assert written["files"] == [{"file": "factory.csv", "added": 0, "deleted": 1, "changed": 2}]
    of_set = "it is one of a device set, whose devices are all alike: change the set by hand"
    assert [(each["deviceId"], each["reason"]) for each in written["left"]] == [
        ("set-1", of_set),
        ("set-2", of_set),
    ]
    assert path.read_text("utf-8") == SETS
    assert table.read_text("utf-8") == (
        'serial,words,room\nc-1,"so ""it"" is",r 1\nc-2,two,"r, 9"\n\n'
    )
    plan = fleetsync("plan", "--format", "json").json
    assert [change["deviceId"] for change in plan["changes"]] == ["set-2", "set-1"]


LEFT_ALONE = {
    "an anchored value that an alias stands for": (
        "metadata: &m {floor: 1}\n  - {typeId: pump, deviceId: p-2, metadata: *m}",
        "an alias stands for it elsewhere as well, which must not change",
    ),
    "a file that may only be read": ("metadata: {floor: 1}", "may only be read, as its mode says"),
    "a link": ("metadata: {floor: 1}", "is, or lies behind, a link, which is not followed"),
}


@pytest.mark.parametrize(("words", "reason"), LEFT_ALONE.values(), ids=list(LEFT_ALONE))
def test_what_no_small_edit_can_say_is_left_with_its_reason(
    org: Org, folder: Folder, fleetsync: Fleetsync, words: str, reason: str
) -> None:
    lines = (
        f"deviceTypes: [{{id: pump}}]\ndevices:\n  - typeId: pump\n    deviceId: p-1\n    {words}"
    )
    path = write_manifest(folder, f"{lines}\n")
    if "link" in reason:
        place = folder.path / "elsewhere.yaml"
        path.rename(place)
        path.symlink_to(place)
    if "only be read" in reason:
        path.chmod(0o444)
    assert fleetsync("apply", "--yes").code == 0
    before = path.read_bytes()
    org.edit("pump/p-1", floor=2)
    (left,) = found(fleetsync, "--write")["written"]["left"]
    assert left["deviceId"] == "p-1"
    assert reason in left["reason"]
    assert path.read_bytes() == before


def test_what_a_manifest_must_not_hold_is_left_and_does_not_keep_the_rest_away(
    applied: Org, folder: Folder, fleetsync: Fleetsync
) -> None:
    path = folder.path / "manifests" / "fleet.yaml"
    before = path.read_text("utf-8")
    applied.edit("pump/p-1", authToken="a secret of somebody's")
    applied.edit("pump/p-3", floor=4)
    (left,) = found(fleetsync, "--write")["written"]["left"]
    reason = "it has, in the org, what no manifest may hold: a credential or NUL"
    assert (left["deviceId"], left["reason"]) == ("p-1", reason)
    assert path.read_text("utf-8") == before.replace("floor: 3", "floor: 4")
    shown = fleetsync("drift", "--write", "--since", "HEAD").out
    assert f"Not written: pump/p-1: {reason}." in shown


def test_a_file_whose_edit_would_not_be_valid_stays_as_it_is(
    applied: Org, folder: Folder, fleetsync: Fleetsync
) -> None:
    before = folder.files()
    deep: Any = 1
    for _ in range(70):  # deeper than a manifest may go
        deep = {"d": deep}
    applied.edit("pump/p-1", deep=deep)
    (left,) = found(fleetsync, "--write")["written"]["left"]
    reason = "an edit of manifests/fleet.yaml could not be proven right, so it stays"
    assert left["reason"] == reason
    assert folder.files() == before


def test_conflicts_and_unknowns_are_not_written(
    applied: Org, folder: Folder, fleetsync: Fleetsync
) -> None:
    later = json.loads(json.dumps(FLEET))
    later["devices"][0]["metadata"]["floor"] = 2
    folder.manifest(later)
    before = folder.files()
    applied.edit("pump/p-1", floor=9)
    for words, reason in (
        (("--since", "HEAD"), "both sides moved: decide by hand"),
        ((), "no base tells which side moved: name one with --since REV"),
    ):
        (left,) = found(fleetsync, "--write", *words)["written"]["left"]
        assert left["reason"] == reason
    assert folder.files() == before


ONE = "deviceTypes: [{id: pump}]\ndevices: [{typeId: pump, deviceId: p-1, metadata: {a: 1}}]\n"
OTHER = "devices: [{typeId: pump, deviceId: p-2, metadata: {a: 1}}]  # the other\n"


@pytest.fixture
def two_files(org: Org, folder: Folder, fleetsync: Fleetsync) -> tuple[Path, Path]:
    """Two manifests, both of which are to be changed."""
    one, other = write_manifest(folder, ONE), write_manifest(folder, OTHER, "other.yaml")
    assert fleetsync("apply", "--yes").code == 0
    org.edit("pump/p-1", a=2)
    org.edit("pump/p-2", a=2)
    return one, other


def test_a_file_that_somebody_changes_meanwhile_is_left(
    two_files: tuple[Path, Path], fleetsync: Fleetsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two_files
    flush = os.fsync

    def edit_other(descriptor: int) -> None:
        flush(descriptor)
        other.write_text(f"# mine\n{OTHER}", "utf-8")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", edit_other)
        done = fleetsync("drift", "--write")
    assert done.code == 1
    assert "manifests/other.yaml: the file was changed while drift was written" in done.err
    assert (one.read_text("utf-8"), other.read_text("utf-8")) == (
        ONE.replace("a: 1", "a: 2"),
        f"# mine\n{OTHER}",
    )


def test_a_write_that_is_killed_leaves_whole_files_and_can_be_done_again(
    two_files: tuple[Path, Path], folder: Folder, fleetsync: Fleetsync
) -> None:
    one, other = two_files
    killed = (
        "import os, signal, sys\nfrom fleetsync.cli.main import run\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\nrun(sys.argv[1:])\n"
    )
    command = [sys.executable, "-c", killed, "-C", str(folder.path), "drift", "--write"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert (one.read_text("utf-8"), other.read_text("utf-8")) == (ONE, OTHER)
    assert len(found(fleetsync, "--write")["written"]["files"]) == 2
    assert other.read_text("utf-8") == OTHER.replace("a: 1", "a: 2")
    assert fleetsync("plan", "--exit-code").code == 0
