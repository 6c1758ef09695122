"""What a user sees and gets: results on stdout, the rest on stderr, and the right exit code."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fleetsync.lock import lock_fleet
from tests.plan.plans import sealed_anew as sealed
from tests.scenarios.conftest import Fleetsync, Folder

PUMPS: dict[str, Any] = {
    "deviceTypes": [{"id": "pump", "deviceInfo": {"model": "P2"}}],
    "devices": [
        {"typeId": "pump", "deviceId": f"p-{number}", "metadata": {"line": number}}
        for number in range(5)
    ],
}
TOP = Path(__file__).parent.parent.parent


def pumps(count: int, **more: Any) -> dict[str, Any]:
    return {**PUMPS, "devices": PUMPS["devices"][:count], **more}


def test_validate_plan_apply_plan(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest(PUMPS)
    assert fleetsync("validate") == (0, "test is valid: 1 device type, 5 devices.\n", "")
    planned = fleetsync("plan")
    assert planned.code == 0
    assert planned.out.startswith(
        "Plan for test in org embedded: create 1 device type and 5 devices.\n"
    )
    assert planned.out.endswith(f"To carry it out: fleetsync -C {folder.path} apply\n")
    applied = fleetsync("apply", "--yes")
    assert applied.code == 0
    assert "1 device type created and 5 devices created" in applied.out
    again = fleetsync("plan", "--exit-code")
    assert (again.code, again.err) == (0, "")
    assert again.out.startswith("No changes: test in org embedded is as the manifests say.\n")
    assert fleetsync("apply").code == 0


def test_the_secrets_file_is_private_and_holds_one_line_a_device(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(PUMPS)
    applied = fleetsync("apply", "--yes")
    assert stat.S_IMODE(folder.secrets.stat().st_mode) == 0o600
    lines = folder.tokens()
    assert [line["clientId"] for line in lines] == [f"d:embedded:pump:p-{n}" for n in range(5)]
    assert list(lines[0]) == ["clientId", "typeId", "deviceId", "authToken", "registeredAt"]
    for line in lines:
        assert line["authToken"] not in applied.out + applied.err


def test_exit_code_of_plan_tells_changes(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest(PUMPS)
    assert fleetsync("plan", "--exit-code").code == 3
    assert fleetsync("plan").code == 0


def test_the_json_of_a_plan_fits_its_schema_and_is_what_is_saved(
    folder: Folder, fleetsync: Fleetsync, tmp_path: Path
) -> None:
    folder.manifest(PUMPS)
    saved = tmp_path / "plan.json"
    shown = fleetsync("plan", "--format", "json", "--out", saved)
    schema = json.loads((TOP / "schemas" / "plan.schema.json").read_text())
    Draft202012Validator(schema).validate(shown.json)
    assert json.loads(saved.read_text()) == shown.json
    assert shown.json["summary"] == {
        "deviceTypes": {"create": 1, "update": 0, "delete": 0},
        "devices": {"create": 5, "update": 0, "delete": 0},
        "unmanaged": {"deviceTypes": 0, "devices": 0},
        "apiCalls": {"read": 3, "look": 0, "write": 2, "seconds": 0.0, "callsPerSecond": 1000},
    }
    assert shown.json["changes"][1] == {
        "action": "create",
        "kind": "device",
        "typeId": "pump",
        "deviceId": "p-0",
        "source": {"file": "manifests/fleet.yaml", "line": 6},
        "fields": [{"path": "metadata.line", "before": None, "after": 0}],
        "precondition": "absent",
        "reason": "not in the org",
    }


def test_several_forms_come_from_one_run(
    folder: Folder, fleetsync: Fleetsync, tmp_path: Path
) -> None:
    folder.manifest(PUMPS)
    form = tmp_path / "plan.json"
    shown = fleetsync("plan", "--output", f"json={form}")
    assert shown.out.startswith("Plan for test")
    assert json.loads(form.read_text())["fleet"] == "test"


def test_common_options_stand_before_or_after_the_command(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(PUMPS)
    assert fleetsync("--format", "json", "validate").json == {
        "valid": True,
        "deviceTypes": 1,
        "devices": 5,
        "secretsFile": str(folder.secrets),
        "problems": [],
    }
    assert fleetsync("validate", "--format", "json").json["valid"] is True
    (folder.path / "fleet.yaml").rename(folder.path / "other.yaml")
    assert fleetsync("validate", "--fleet", "other.yaml").code == 0


def test_a_saved_plan_is_applied_without_asking(
    folder: Folder, fleetsync: Fleetsync, tmp_path: Path
) -> None:
    folder.manifest(PUMPS)
    saved = tmp_path / "plan.json"
    fleetsync("plan", "--out", saved)
    assert fleetsync("apply", saved).code == 0
    assert fleetsync("plan", "--exit-code").code == 0
    again = fleetsync("apply", saved)
    assert again.code == 0
    assert "6 changes had happened already." in again.out


def test_a_saved_plan_that_no_longer_fits_is_refused(
    folder: Folder, fleetsync: Fleetsync, tmp_path: Path
) -> None:
    folder.manifest(PUMPS)
    saved = tmp_path / "plan.json"
    fleetsync("plan", "--out", saved)
    text = saved.read_text()
    changed = "was changed or cut short since it was saved"

    def refused(altered: str, words: str, code: int = 5) -> None:
        saved.write_text(altered)
        result = fleetsync("apply", saved)
        assert (result.code, result.out) == (code, "")
        assert words in result.err

    refused(text.replace('"after": 0', '"after": 7'), changed)
    refused(text.replace('"formatVersion": 1', '"formatVersion": 2'), "its format version is 2")
    another_fleet = text.replace('"fleet": "test"', '"fleet": "prod"')
    refused(another_fleet, changed)
    refused(sealed(another_fleet.encode()).decode(), "made for fleet 'prod'")
    another_org = text.replace('"org": "embedded"', '"org": "abc123"')
    refused(sealed(another_org.encode()).decode(), "made for org 'abc123'")
    refused(text[:-9], changed)
    refused("[]", "not a plan that fleetsync saved", 1)
    refused('{"formatVersion": 1}', "not a plan that fleetsync saved", 1)
    folder.manifest(pumps(4))
    refused(text, "fleet.yaml or a manifest was changed")
    missing = fleetsync("apply", tmp_path / "none.json")
    assert missing.code == 1
    assert "the plan cannot be read" in missing.err
    assert not folder.secrets.exists()


def test_where_nobody_can_be_asked_apply_needs_yes(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest(PUMPS)
    result = fleetsync("apply")
    assert result.code == 4
    assert "run again with --yes, or apply a saved plan" in result.err
    assert not folder.secrets.exists()
    assert fleetsync("plan", "--exit-code").code == 3


def test_a_mass_delete_is_shown_and_refused_until_it_is_granted(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    many = {**PUMPS, "devices": [{"typeId": "pump", "deviceId": f"p-{n}"} for n in range(20)]}
    folder.manifest(many)
    fleetsync("apply", "--yes")
    folder.manifest({**many, "devices": many["devices"][:10]})
    planned = fleetsync("plan", "--exit-code")
    assert planned.code == 4
    assert planned.out.splitlines()[2] == "DELETE 10 DEVICES"
    refused = fleetsync("apply", "--yes")
    assert refused.code == 4
    assert "the plan deletes 10 of 20 devices (50 %), more than the limits of 10 % and 3" in (
        refused.err
    )
    assert fleetsync("apply", "--yes", "--allow-deletes", "9").code == 4
    assert len(folder.tokens()) == 20
    granted = fleetsync("apply", "--yes", "--allow-deletes", "10")
    assert granted.code == 0
    assert "10 devices deleted" in granted.out
    assert "Granted: --allow-deletes 10 lifts 1 refusal.\n" in granted.out
    assert "Refused" not in granted.out
    assert [line["deviceId"] for line in folder.tokens()] == [f"p-{n}" for n in range(10)]


def test_every_device_of_a_type_is_not_deleted_by_accident(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(pumps(2))
    fleetsync("apply", "--yes")
    folder.manifest(pumps(0))
    refused = fleetsync("apply", "--yes")
    assert refused.code == 4
    assert "the plan deletes every live device of type pump (2)" in refused.err


def test_what_is_protected_stays_even_when_the_lines_that_protect_it_go(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    protected = {"typeId": "pump", "deviceId": "main", "lifecycle": {"protect": True}}
    folder.manifest({**PUMPS, "devices": [*PUMPS["devices"], protected]})
    fleetsync("apply", "--yes")
    folder.manifest(PUMPS)
    refused = fleetsync("apply", "--yes", "--allow-deletes", "100")
    assert refused.code == 4
    assert "protected by lifecycle.protect, so never deleted: pump/main" in refused.err
    assert "Refused: protected by lifecycle.protect" in refused.out
    lifted = {**protected, "lifecycle": {"protect": False}}
    folder.manifest({**PUMPS, "devices": [*PUMPS["devices"], lifted]})
    planned = fleetsync("plan", "--format", "json").json["changes"]
    assert [change["fields"] for change in planned] == [
        [{"path": "lifecycle.protect", "before": True, "after": False}]
    ]
    assert fleetsync("apply", "--yes").code == 0
    folder.manifest(PUMPS)
    assert fleetsync("apply", "--yes").code == 0


def test_a_protected_type_is_not_removed_with_its_devices(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    typed = {"id": "pump", "lifecycle": {"protect": True}}
    folder.manifest({**PUMPS, "deviceTypes": [typed]})
    fleetsync("apply", "--yes")
    folder.manifest({"removedDeviceTypes": ["pump"]})
    refused = fleetsync("apply", "--yes", "--allow-deletes", "100")
    assert refused.code == 4
    assert "never deleted: pump" in refused.err


def test_a_removed_type_goes_with_its_devices_and_their_tokens(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(pumps(3))
    fleetsync("apply", "--yes")
    folder.manifest({"removedDeviceTypes": ["pump"]})
    applied = fleetsync("apply", "--yes")
    assert applied.code == 0
    assert "3 devices deleted and 1 device type deleted" in applied.out
    assert folder.tokens() == []
    assert fleetsync("plan", "--exit-code").code == 0


def test_a_class_cannot_change_and_the_way_out_is_told(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(PUMPS)
    fleetsync("apply", "--yes")
    folder.manifest({**PUMPS, "deviceTypes": [{"id": "pump", "classId": "Gateway"}]})
    refused = fleetsync("apply", "--yes")
    assert refused.code == 4
    assert "type pump is a Device in the org and a Gateway in manifests/fleet.yaml:2" in refused.err
    assert "Declare a type with a new id" in refused.err


def test_gateways_have_their_own_client_ids(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest(
        {
            "deviceTypes": [{"id": "hub", "classId": "Gateway"}],
            "devices": [{"typeId": "hub", "deviceId": "h-1"}],
        }
    )
    fleetsync("apply", "--yes")
    assert [line["clientId"] for line in folder.tokens()] == ["g:embedded:hub:h-1"]


@pytest.mark.parametrize("tokens", ["client", "platform"])
def test_tokens_are_kept_whoever_makes_them(
    folder: Folder, fleetsync: Fleetsync, tokens: str
) -> None:
    folder.settings({"secrets": {"file": "secrets/tokens.jsonl", "tokens": tokens}})
    folder.manifest(PUMPS)
    assert fleetsync("apply", "--yes").code == 0
    lengths = {len(line["authToken"]) for line in folder.tokens()}
    assert lengths == ({24} if tokens == "client" else {18})


def test_long_lists_are_folded_and_unfolded_with_v(folder: Folder, fleetsync: Fleetsync) -> None:
    many = {**PUMPS, "devices": [{"typeId": "pump", "deviceId": f"p-{n:03}"} for n in range(50)]}
    folder.manifest(many)
    folded = fleetsync("plan").out
    assert "  + ... and 20 more of type pump\n" in folded
    assert "p-049" not in folded
    assert "  + pump/p-049  " in fleetsync("plan", "-v").out


def test_control_characters_are_shown_escaped(folder: Folder, fleetsync: Fleetsync) -> None:
    evil = "\x1b[2J\u202eevil\n::error::x"
    device = {"typeId": "pump", "deviceId": "p-1", "metadata": {evil: evil}}
    folder.manifest({**PUMPS, "devices": [device]})
    planned = fleetsync("plan")
    assert "\x1b" not in planned.out
    assert "\u202e" not in planned.out
    assert "\n::error" not in planned.out
    assert "\\u001b[2J" in planned.out


def test_apply_tells_its_outcomes_as_json(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest(pumps(1))
    told = fleetsync("apply", "--yes", "--format", "json").json
    assert told["summary"] == {
        "done": 2,
        "already": 0,
        "failed": 0,
        "notTried": 0,
        "records": {"done": 0, "already": 0, "failed": 0, "notTried": 0},
    }
    assert told["outcomes"][1] == {
        "status": "done",
        "action": "create",
        "kind": "device",
        "typeId": "pump",
        "deviceId": "p-0",
        "source": {"file": "manifests/fleet.yaml", "line": 6},
        "reason": "",
    }


@pytest.mark.parametrize("words", [["plan", "--nonsense"], ["nonsense"], ["plan", "--format", "x"]])
def test_wrong_usage_is_2(fleetsync: Fleetsync, words: list[str]) -> None:
    result = fleetsync(*words)
    assert (result.code, result.out) == (2, "")
    assert "Error" in result.err


def test_a_second_apply_on_the_same_fleet_is_refused_before_the_org_is_asked(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(PUMPS)
    with lock_fleet(folder.path, now="2026-11-23T10:00:00Z", wait=0, notify=print):
        refused = fleetsync("apply", "--yes")
        assert refused.code == 1
        assert "another apply is at work on this fleet (process " in refused.err
        assert not (folder.path / ".fleetsync" / "org.db").exists()
        waited = fleetsync("apply", "--yes", "--wait", "0.1")
        assert waited.code == 1
        assert "waiting up to 0.1 s for another apply to end" in waited.err
    assert fleetsync("apply", "--yes", "--wait", "5").code == 0
