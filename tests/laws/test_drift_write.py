"""What is written of drift makes the plan empty, and touches nothing else, whatever the style."""

from __future__ import annotations

import copy
import json
import random
import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fleetsync.cli.main import run
from fleetsync.emulator.running import Emulator, run_emulator
from fleetsync.emulator.state import OrgState
from tests.laws.drawn import DEVICE_IDS, METADATA, TEXTS, fleets
from tests.laws.written import STYLES, Writer

KEY = ("a-embedded-k0dl0vqqrk", "t0ken-of-the-key!")
INLINE_DEVICES = re.compile("""["']?devices["']?: \\[""")
COMMENT = re.compile(r"# c[0-9]+: ")
CREDENTIALS = f"[application]\nauth-key={KEY[0]}\nauth-token={KEY[1]}\n"
LAW = settings(
    max_examples=30,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("metadata"), METADATA),
        st.tuples(st.just("info"), st.dictionaries(st.just("serialNumber"), TEXTS, min_size=1)),
        st.tuples(st.just("alert"), st.booleans()),
        st.tuples(st.just("delete"), st.none()),
        st.tuples(st.just("type"), TEXTS),
    ),
    min_size=1,
    max_size=4,
)


def fleetsync(folder: Path, url: str, *words: str) -> tuple[int, Any]:
    out = StringIO()
    given = ("-C", str(folder), "--org-url", url, "--credentials", str(folder / "key.ini"))
    with redirect_stdout(out):
        code = run([*given, *words, "--format", "json"])
    return code, json.loads(out.getvalue()) if out.getvalue() else None


def mark_of(live: dict[str, Any]) -> dict[str, Any]:
    """The tool's own key, which a dashboard sends along with the others."""
    return {k: v for k, v in live.get("metadata", {}).items() if k == "fleetsync"}


def meddle(emulator: Emulator, fleet: dict[str, Any], deeds: list[Any], seed: int) -> None:
    """Do in the org what others do, to devices and types that are chosen by lot."""
    lot = random.Random(seed)  # noqa: S311 - it chooses what a test does
    base = f"{emulator.url}/api/v0002/device/types"
    for deed, value in deeds:
        if deed == "type":
            type_id = lot.choice(fleet["deviceTypes"])["id"]
            body = {"description": value, "metadata": {"of": value}}
            live = requests.get(f"{base}/{type_id}", auth=KEY, timeout=30).json()
            body["metadata"] |= {
                k: v for k, v in live.get("metadata", {}).items() if k == "fleetsync"
            }
            assert requests.put(f"{base}/{type_id}", json=body, auth=KEY, timeout=30).ok
            continue
        chosen = lot.choice(fleet["devices"])
        url = f"{base}/{chosen['typeId']}/devices/{chosen['deviceId']}"
        answer = requests.get(url, auth=KEY, timeout=30)
        if not answer.ok:
            continue
        if deed == "delete":
            assert requests.delete(url, auth=KEY, timeout=30).ok
            continue
        kept = mark_of(answer.json())
        body = {
            "metadata": {"metadata": {**(value if deed == "metadata" else {}), **kept}},
            "info": {"deviceInfo": value},
            "alert": {"status": {"alert": {"enabled": value}}},
        }[deed]
        assert requests.put(url, json=body, auth=KEY, timeout=30).ok
    types = [each["id"] for each in fleet["deviceTypes"]]
    held = emulator.state.snapshot()["devices"]
    for type_id in lot.sample(types, 1):
        device_id = lot.choice(DEVICE_IDS)
        if f"{type_id}/{device_id}" not in held:
            emulator.state.register_as_person(type_id, device_id, body={"metadata": {"by": "ann"}})


@given(
    fleet=fleets().filter(lambda fleet: bool(fleet["devices"])),
    style=STYLES,
    deeds=DEEDS,
    seed=st.integers(0, 1000),
)
@LAW
def test_after_drift_is_written_the_plan_is_empty_and_the_rest_as_it_was(
    fleet: dict[str, Any], style: dict[str, Any], deeds: list[Any], seed: int
) -> None:
    fleet = copy.deepcopy(fleet)
    for each in (*fleet["deviceTypes"], *fleet["devices"]):
        each.get("lifecycle", {}).pop("protect", None)
        if any(deed == "type" for deed, _ in deeds):  # what a type takes over, it would pass on
            each.get("lifecycle", {}).pop("propagate", None)
    writer = Writer(style)
    before = writer.text(fleet)
    with (
        TemporaryDirectory() as name,
        OrgState.open(None) as state,
        run_emulator(state) as emulator,
    ):
        folder = Path(name)
        head = "fleet: law\norg: {id: abc, callsPerSecond: 1000}\nmanifests: [fleet.yaml.txt]\n"
        (folder / "fleet.yaml").write_text(head, "utf-8")
        (folder / "key.ini").write_text(CREDENTIALS, "utf-8")
        (folder / "key.ini").chmod(0o600)
        path = folder / "fleet.yaml.txt"
        path.write_bytes(before.encode("utf-8"))
        code, report = fleetsync(folder, emulator.url, "apply", "--yes")
        assert code == 0, report
        meddle(emulator, fleet, deeds, seed)
        _, document = fleetsync(folder, emulator.url, "drift", "--write")
        after = path.read_bytes().decode("utf-8")
        _, plan = fleetsync(folder, emulator.url, "plan")
        left = {(each["typeId"], each.get("deviceId")) for each in document["written"]["left"]}
        assert {(c["typeId"], c.get("deviceId")) for c in plan["changes"]} == left, after
        assert left == set(), document["written"]
        assert_rest_is_as_it_was(before, after, document)
        _, again = fleetsync(folder, emulator.url, "drift", "--write")
        assert again["written"]["files"] == []
        assert path.read_bytes().decode("utf-8") == after


def assert_rest_is_as_it_was(before: str, after: str, document: dict[str, Any]) -> None:
    """Each line of the old text is in the new one, in order, but for those of what moved.

    A comment in what moved stays as well, unless it belongs to metadata or a location that are
    gone: somebody who registers a device anew leaves both empty.
    """
    old, new = before.splitlines(), after.splitlines()
    touched = set()
    for each in document["findings"]:
        if each["source"] is None:  # it was added at the end of a list
            touched |= {at for at, line in enumerate(old) if INLINE_DEVICES.match(line)}
            continue
        lines = lines_of_item(old, each["source"]["line"] - 1)
        touched |= set(lines)
        if each["what"] == "changed" and not took_a_section(each["fields"]):
            comments = COMMENT.findall("\n".join(old[lines.start : lines.stop]))
            assert [c for c in comments if c not in after] == []
    emptied = [line.split(" []")[0] for line in new if " []" in line]
    touched |= {at for at, line in enumerate(old) if line in emptied}
    at = iter(new)
    for number, line in enumerate(old):
        assert number in touched or any(line == other for other in at), line


def took_a_section(fields: list[dict[str, Any]]) -> bool:
    """Whether a section that is told field by field may be gone with the comments inside it."""
    location = [field["live"] for field in fields if field["path"].startswith("location.")]
    gone = bool(location) and all(value is None for value in location)
    return gone or any(field["path"].startswith("metadata") for field in fields)


def lines_of_item(lines: list[str], start: int) -> range:
    """The lines of an item that begins on a line: up to what is no further in."""
    if not lines[start].lstrip().startswith("- "):
        if not lines[start - 1].lstrip().startswith("- &"):
            return range(start, start + 1)  # a list on one line
        start -= 1
    column = indent_of(lines[start])
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or indent_of(lines[end]) > column):
        end += 1
    return range(start, end)


def indent_of(line: str) -> int:
    return len(line) - len(line.lstrip())
