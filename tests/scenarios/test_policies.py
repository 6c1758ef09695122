"""What policies do to plan, apply and undo, against an org over real HTTP."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fleetsync.emulator.running import Emulator
from tests.scenarios.conftest import KEY, TOKEN, TOP, Fleetsync, Folder, Result, Start

OWNER = {
    "name": "owner",
    "message": "every device needs metadata.owner",
    "over": "device",
    "cel": "has(device.metadata.owner)",
}
FEW = {
    "name": "few",
    "message": "at most one device is new",
    "over": "summary",
    "cel": "summary.devices.create <= 1",
}
OWNED: dict[str, Any] = {
    "deviceTypes": [{"id": "pump"}],
    "devices": [
        {"typeId": "pump", "deviceId": f"p-{n}", "metadata": {"owner": "me"}} for n in range(3)
    ],
}
BARE = {**OWNED, "devices": [{"typeId": "pump", "deviceId": f"p-{n}"} for n in range(3)]}
SCHEMA = Draft202012Validator(json.loads((TOP / "schemas" / "plan.schema.json").read_text("utf-8")))

Call = Callable[..., Result]


@pytest.fixture
def call(emulator: Emulator, fleetsync: Fleetsync, credentials: Callable[[str, str], None]) -> Call:
    credentials(KEY, TOKEN)
    return lambda *words: fleetsync("--org-url", emulator.url, *words)


def with_policies(
    folder: Folder, *policies: dict[str, Any], manifest: dict[str, Any] = BARE
) -> None:
    folder.settings({"policies": list(policies), "limits": {"deletePercent": 100}})
    folder.manifest(manifest)


def written(emulator: Emulator) -> int:
    return sum(count for call, count in emulator.state.calls.items() if not call.startswith("GET"))


def test_a_violated_error_is_a_refusal_that_names_each_device(
    folder: Folder, call: Call, emulator: Emulator
) -> None:
    with_policies(folder, OWNER, {**FEW, "severity": "warning"})
    shown = call("plan")
    assert shown.code == 0
    assert (
        "Policies: 2 violated.\n"
        "  ! owner (error): every device needs metadata.owner\n"
        "      pump/p-0 (manifests/fleet.yaml:4)\n"
        "      pump/p-1 (manifests/fleet.yaml:6)\n"
        "      pump/p-2 (manifests/fleet.yaml:8)\n"
        "  * few (warning): at most one device is new\n"
        "\n"
    ) in shown.out
    refused = (
        "Refused: policy owner is violated: every device needs metadata.owner"
        " (pump/p-0 in manifests/fleet.yaml:4; pump/p-1 in manifests/fleet.yaml:6;"
        " pump/p-2 in manifests/fleet.yaml:8). Mend that, or change the policy in fleet.yaml:6."
    )
    assert shown.out.endswith(f"{refused}\nApply would refuse this plan.\n")
    assert call("plan", "--exit-code").code == 4
    applied = call("apply", "--yes", "--allow-deletes", "1000")
    assert (applied.code, applied.err) == (4, f"Error: {refused}\n")
    assert written(emulator) == 0


def test_warnings_and_notes_are_shown_and_stop_nothing(folder: Folder, call: Call) -> None:
    with_policies(folder, {**OWNER, "severity": "note"}, {**FEW, "severity": "warning"})
    assert call("plan", "--exit-code").code == 3
    applied = call("apply", "--yes", "--format", "json")
    assert applied.code == 0
    found = {
        each["name"]: (each["severity"], each["status"], each["count"])
        for each in applied.json["policies"]
    }
    assert found == {"owner": ("note", "violated", 3), "few": ("warning", "violated", 1)}


def test_a_fleet_that_keeps_its_policies_hears_one_line_of_them(folder: Folder, call: Call) -> None:
    with_policies(folder, OWNER, manifest=OWNED)
    assert call("validate").out == "test is valid: 1 device type, 3 devices, 1 policy.\n"
    assert "\nPolicies: 1 passed.\n\nAPI calls: " in call("plan").out
    assert (
        "\nPolicies: 1 passed.\n  = owner (error, passed): every device needs metadata.owner\n"
        in call("plan", "-v").out
    )
    assert call("apply", "--yes").code == 0
    assert call("plan", "--exit-code").code == 0


def test_a_fleet_without_changes_is_refused_while_it_violates_a_policy(
    folder: Folder, call: Call
) -> None:
    with_policies(folder)
    assert call("apply", "--yes").code == 0
    with_policies(folder, OWNER)
    assert call("plan", "--exit-code").code == 4
    assert call("apply", "--yes").code == 4


def test_every_form_of_a_plan_has_the_outcomes(folder: Folder, call: Call, tmp_path: Path) -> None:
    with_policies(folder, OWNER)
    saved = tmp_path / "plan.json"
    shown = call(
        "plan", "--out", saved, "--output", f"markdown={tmp_path / 'plan.md'}", "--format", "json"
    )
    SCHEMA.validate(shown.json)
    assert [refusal["code"] for refusal in shown.json["refusals"]] == ["policy"]
    assert shown.json["policies"] == [
        {
            "name": "owner",
            "severity": "error",
            "status": "violated",
            "message": "every device needs metadata.owner",
            "source": {"file": "fleet.yaml", "line": 6},
            "count": 3,
            "findings": [
                {
                    "key": f"pump/p-{n}",
                    "source": {"file": "manifests/fleet.yaml", "line": 4 + 2 * n},
                    "words": "",
                }
                for n in range(3)
            ],
        }
    ]
    assert (
        "**Policies**: 1 violated.\n\n"
        "- `owner` (**error**, violated): `every device needs metadata.owner`\n"
        "  - `pump/p-0 (manifests/fleet.yaml:4)`\n"
    ) in (tmp_path / "plan.md").read_text("utf-8")
    told = call("plan").out
    assert "  ! owner (error): every device needs metadata.owner\n      pump/p-0 (" in told
    assert call("show", saved).out == told.removesuffix("Apply would refuse this plan.\n")
    assert call("show", saved, "--format", "json").out == saved.read_text("utf-8")


def test_a_saved_plan_is_judged_again_when_it_is_applied(
    folder: Folder, call: Call, emulator: Emulator, tmp_path: Path
) -> None:
    script = folder.path / "check.py"
    with_policies(
        folder, {"name": "gate", "message": "the gate is open", "command": ["./check.py"]}
    )
    write_script(script, "")
    saved = tmp_path / "plan.json"
    assert call("plan", "--out", saved, "--exit-code").code == 3
    write_script(script, "sys.exit('the gate is shut')")
    refused = call("apply", saved)
    assert refused.code == 4
    assert refused.err.endswith(
        "Error: Refused: policy gate is violated: the gate is open (the gate is shut)."
        " Mend that, or change the policy in fleet.yaml:6.\n"
    )
    assert written(emulator) == 0
    write_script(script, "")
    assert call("apply", saved).code == 0


def test_an_undo_is_judged_as_well(folder: Folder, call: Call) -> None:
    with_policies(folder)
    assert call("apply", "--yes").code == 0
    never = {
        "name": "never",
        "message": "nothing is ever deleted",
        "over": "change",
        "cel": "change.action != 'delete'",
    }
    devices = {"name": "devices", "message": "m", "over": "device", "cel": "undo && false"}
    with_policies(folder, never, devices)
    shown = call("undo", "--plan")
    assert "  ! never (error): nothing is ever deleted\n      pump\n      pump/p-0\n" in shown.out
    assert "Policies: 1 violated and 1 passed.\n" in shown.out
    refused = call("undo", "--yes", "--allow-deletes", "9")
    assert refused.code == 4
    with_policies(folder, {**never, "severity": "warning"})
    assert call("undo", "--yes", "--allow-deletes", "9").code == 0


def test_a_bad_policy_is_told_before_the_org_is_asked(
    folder: Folder, call: Call, emulator: Emulator
) -> None:
    with_policies(folder, {**OWNER, "cel": "devise.x"}, manifest={"deviceTypes": [{"id": "a b"}]})
    for command in ("validate", "plan", "apply"):
        told = call(command)
        assert told.code == 7
        assert told.err.startswith(
            "Error: fleet.yaml:9:8: cel at character 7: undeclared reference to 'devise.x'; there"
            " are device, fleet, now, org, summary, types, undo\nmanifests/fleet.yaml:2:7: id "
        )
    assert not emulator.state.calls


def test_without_the_extra_one_command_installs_it(
    folder: Folder, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("cel_expr_python")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cel_expr_python", None)
    with_policies(folder, OWNER)
    for command in ("validate", "plan", "apply", "undo"):
        assert call(command) == Result(
            1,
            "",
            "Error: a policy asks a CEL expression, which needs a package that is not installed;"
            " run: pip install 'fleetsync[policies]'\n",
        )


def write_script(path: Path, body: str) -> None:
    path.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{body}\n", "utf-8")
    path.chmod(0o755)


COMMAND = {
    "name": "script",
    "message": "the script agrees",
    "command": ["./check.py", "--strict", "a b; $HOME"],
}


def command_outcome(folder: Folder, call: Call, body: str, **more: Any) -> dict[str, Any]:
    with_policies(folder, {**COMMAND, **more}, manifest=OWNED)
    write_script(folder.path / "check.py", body)
    told = call("plan", "--format", "json")
    assert told.code == 0
    SCHEMA.validate(told.json)
    (outcome,) = told.json["policies"]
    assert bool(told.json["refusals"]) is (outcome["status"] != "passed")
    return {outcome["status"]: [finding["words"] for finding in outcome["findings"]]}


def test_a_command_reads_the_plan_and_its_own_words(folder: Folder, call: Call) -> None:
    body = (
        "plan = json.load(sys.stdin)\n"
        "device = plan['changes'][1]['deviceId']\n"
        "print(len(plan['changes']), device, sys.argv[1:], 'policies' in plan)\n"
        "print(os.getcwd())\n"
        "sys.exit(1)"
    )
    assert command_outcome(folder, call, body) == {
        "violated": ["4 p-0 ['--strict', 'a b; $HOME'] False", os.path.realpath(folder.path)]
    }


def test_a_line_that_names_a_device_is_shown_with_its_place(folder: Folder, call: Call) -> None:
    body = "print('pump/p-1: is old\\npump/p-9: is none\\npump: too many\\nso: what'); sys.exit(1)"
    command_outcome(folder, call, body)
    assert (
        "  ! script (error): the script agrees\n"
        "      pump/p-1 (manifests/fleet.yaml:8): is old\n"
        "      pump/p-9: is none\n"
        "      pump (manifests/fleet.yaml:2): too many\n"
        "      so: what\n"
    ) in call("plan").out


def test_a_command_that_is_content_may_say_what_it_likes(folder: Folder, call: Call) -> None:
    assert command_outcome(folder, call, "print('all is well')") == {"passed": []}


def test_a_command_sees_no_credentials(
    folder: Folder, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_secret")
    monkeypatch.setenv("GITHUB_ACTOR", "somebody")
    body = "print('WIOTP_AUTH_TOKEN' in os.environ, str(os.environ), file=sys.stderr); sys.exit(1)"
    found = command_outcome(folder, call, body, environment=["GITHUB_ACTOR"])
    (line,) = found["violated"]
    assert line.startswith("False ")
    assert "somebody" in line
    for secret in (KEY, TOKEN, "ghs_secret"):
        assert secret not in line


def test_the_credentials_cannot_be_handed_on_by_name(folder: Folder, call: Call) -> None:
    for name in ("WIOTP_AUTH_TOKEN", "wiotp_api_token"):
        with_policies(folder, {**COMMAND, "command": ["true"], "environment": [name]})
        assert call("validate").code == 7


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("sys.exit(7)", {"violated": ["its command ended with 7 and said nothing"]}),
        ("raise KeyError", None),
        (
            "os.kill(os.getpid(), 11)",
            {"failed": ["cannot be judged: its command was killed by signal 11"]},
        ),
        (
            "sys.exit(127)",
            {"failed": ["cannot be judged: its command could not be run (exit code 127)"]},
        ),
        (
            "sys.stdout.buffer.write(b'\\xff\\x1b[2J\\r\\n\\n \\nsecond'); sys.exit(1)",
            {"violated": ["\\xff\x1b[2J", "second"]},
        ),
    ],
)
def test_a_command_that_ends_in_any_way_has_an_outcome(
    folder: Folder, call: Call, body: str, expected: dict[str, Any] | None
) -> None:
    found = command_outcome(folder, call, body)
    if expected is None:
        assert found["violated"][-1] == "KeyError"
    else:
        assert found == expected


def test_terminal_escapes_of_a_command_are_shown_not_sent(folder: Folder, call: Call) -> None:
    command_outcome(folder, call, "print('\\x1b[2J\\u202e', '::error::', '`<img>`'); sys.exit(1)")
    assert "      \\x1b[2J\\u202e ::error:: `<img>`\n" in call("plan").out
    assert (
        "  - `` \\x1b[2J\\u202e ::error:: `<img>` ``\n" in call("plan", "--format", "markdown").out
    )
    refused = call("apply", "--yes")
    assert "\x1b" not in refused.out + refused.err


def test_huge_output_is_cut(folder: Folder, call: Call) -> None:
    found = command_outcome(folder, call, "print('x' * 5_000_000); print('y\\n' * 9); sys.exit(1)")
    assert found == {"violated": [f"{'x' * 500}...", "... and it wrote more than is kept"]}


def test_a_command_that_hangs_is_stopped_with_all_that_it_started(
    folder: Folder, call: Call, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    body = (
        "import subprocess\n"
        f"child = subprocess.Popen(['sleep', '300'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "print('waiting', flush=True)\n"
        "time.sleep(300)"
    )
    assert command_outcome(folder, call, body, timeoutSeconds=2) == {
        "failed": ["cannot be judged: its command did not end within 2 s", "waiting"]
    }
    for pid in pids.read_text().split():
        assert gone(int(pid))


def test_what_a_command_leaves_behind_is_not_waited_for(folder: Folder, call: Call) -> None:
    body = "import subprocess\nsubprocess.Popen(['sleep', '300'])\nsys.exit(1)"
    assert command_outcome(folder, call, body) == {
        "violated": ["its command ended with 1 and said nothing"]
    }


def gone(pid: int) -> bool:
    """Tell whether a process is dead, be it that nobody has asked for its end yet."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (
            "no-such-program-anywhere",
            "its command no-such-program-anywhere cannot be run: No such file or directory",
        ),
        ("./text", "its command ./text cannot be run: Exec format error"),
    ],
)
def test_a_command_that_cannot_be_started_is_not_judged(
    folder: Folder, call: Call, command: str, reason: str
) -> None:
    text = folder.path / "text"
    text.write_text("no program", "utf-8")
    text.chmod(0o755)
    with_policies(folder, {**COMMAND, "command": [command]}, manifest=OWNED)
    told = call("plan", "--exit-code")
    assert told.code == 4
    assert (
        f"  ! script (error, not judged): the script agrees\n      cannot be judged: {reason}\n"
        in told.out
    )


def test_validate_and_show_run_no_command(folder: Folder, call: Call, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    with_policies(folder, COMMAND, manifest=OWNED)
    write_script(folder.path / "check.py", f"open({str(ran)!r}, 'w')")
    assert call("validate").code == 0
    assert not ran.exists()
    saved = tmp_path / "plan.json"
    assert call("plan", "--out", saved).code == 0
    ran.unlink()
    assert call("show", saved).code == 0
    assert not ran.exists()


def test_a_plan_of_before_there_were_policies_is_read(
    folder: Folder, call: Call, tmp_path: Path
) -> None:
    with_policies(folder, manifest=OWNED)
    saved = tmp_path / "plan.json"
    assert call("plan", "--out", saved).code == 0
    assert "policies" not in json.loads(saved.read_text("utf-8"))
    assert "Policies" not in call("show", saved).out
    assert call("apply", saved).code == 0


def test_an_interrupt_ends_the_command_as_well(
    folder: Folder, start: Start, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    with_policies(folder, COMMAND, manifest=OWNED)
    body = f"open({str(note)!r}, 'w').write(f'{{os.getpid()}} .')\ntime.sleep(300)"
    write_script(folder.path / "check.py", body)
    process = start("plan")
    while not (note.exists() and note.read_text().endswith(" .")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.startswith("asking policy script: ./check.py\n")
    assert err.endswith("Error: interrupted; run again to go on\n")
    assert gone(int(note.read_text().split()[0]))
