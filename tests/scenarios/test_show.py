"""`show` tells of a saved plan what `plan` told, in every form, and warns where it is in doubt."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetsync.errors import FileError, FleetsyncError
from fleetsync.plan import Plan
from fleetsync.plan.document import plan_text
from fleetsync.plan.plan import STAGES
from fleetsync.plan.reading import read_view
from fleetsync.plan.view import PlanView, view_of
from fleetsync.report.markdown.plan import plan_markdown
from fleetsync.report.text import render_plan
from tests.plan.plans import mixed_plan, saved_bytes, sealed_anew
from tests.report.sample import PLANS
from tests.scenarios.conftest import Fleetsync, Folder

FLEET: dict[str, Any] = {
    "deviceTypes": [{"id": "pump", "deviceInfo": {"model": "P2"}}],
    "deviceSets": [{"typeId": "pump", "deviceIds": ["p-{01..20}"], "metadata": {"floor": 1}}],
}
DOUBT = "was changed since it was saved: what stands here may never have been planned"


def read(data: bytes) -> PlanView:
    file = BytesIO(data)

    def lines(start: int) -> Any:
        file.seek(start)
        return iter(file.readline, b"")

    return read_view(lines, name="plan.json")


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("name", PLANS)
def test_a_plan_and_its_document_give_the_same_text_and_markdown(name: str, full: bool) -> None:
    made = PLANS[name]()
    view = read("".join(plan_text(made)).encode("ascii"))
    assert "".join(render_plan(view, full=full)) == "".join(render_plan(view_of(made), full=full))
    size = 1_000_000 if full else 4_000
    told = plan_markdown(view, whole="", max_bytes=size)
    assert told == plan_markdown(view_of(made), whole="", max_bytes=size)


def test_what_a_document_tells_beside_its_changes_is_shown_as_well(tmp_path: Path) -> None:
    made = mixed_plan(tmp_path / "fleet")
    one, *_ = made.changes
    more: Plan = made._replace(records=(one,) * 3, withheld=2, undoes="20261123T170114-1a2b3c4d5e")
    told, view = read(saved_bytes(more)), view_of(more)
    assert told._replace(walk=view.walk) == view


@pytest.fixture
def saved(folder: Folder, fleetsync: Fleetsync, tmp_path: Path) -> Path:
    folder.manifest(FLEET)
    path = tmp_path / "plan.json"
    assert fleetsync("plan", "--out", path).code == 0
    return path


def test_every_form_can_be_had_from_one_run(
    folder: Folder, fleetsync: Fleetsync, saved: Path, tmp_path: Path
) -> None:
    before = folder.files()
    forms = {form: tmp_path / form for form in ("text", "json", "markdown", "html")}
    outputs = [f"{form}={path}" for form, path in forms.items()]
    told = fleetsync("show", saved, *(word for each in outputs for word in ("--output", each)))
    assert (told.code, told.err) == (0, "")
    assert told.out == forms["text"].read_text("utf-8")
    assert told.out.startswith("Plan for test in org embedded: create 1 device type and 20 devices")
    assert forms["json"].read_bytes() == saved.read_bytes()
    assert "+ p-{01..20} (20 devices)\n" in forms["markdown"].read_text("utf-8")
    page = forms["html"].read_text("ascii")
    assert "<p>Create 1 device type and 20 devices.</p>" in page
    assert "see the same as text: <code>fleetsync" in page
    assert f"show {saved} -v</code>" in page
    assert folder.files() == before


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_plan_and_show_tell_the_same(fleetsync: Fleetsync, saved: Path, form: str) -> None:
    again = saved.with_name("again.json")
    planned = fleetsync("plan", "--format", form, "--out", again).out
    told = fleetsync("show", again, "--format", form).out
    assert told == planned.partition("To carry it out:")[0]


def test_verbose_names_every_device(fleetsync: Fleetsync, saved: Path) -> None:
    told = fleetsync("show", saved, "-v").out
    assert all(f"+ pump/p-{number:02} " in told for number in range(1, 21))


def test_markdown_is_as_short_as_is_asked_for(fleetsync: Fleetsync, saved: Path) -> None:
    told = fleetsync("show", saved, "--format", "markdown", "--max-bytes", "4000")
    assert len(told.out.encode()) <= 4000
    short = fleetsync("show", saved, "--format", "markdown", "--max-bytes", "3999")
    assert short.code == 2


def test_no_fleet_is_needed(fleetsync: Fleetsync, folder: Folder, saved: Path) -> None:
    told = fleetsync("show", saved)
    (folder.path / "fleet.yaml").unlink()
    assert fleetsync("show", saved) == told


def test_a_plan_that_comes_from_another_program_is_read_once(
    fleetsync: Fleetsync, saved: Path, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=lambda: pipe.write_bytes(saved.read_bytes()))
    writer.start()
    told = fleetsync("show", pipe)
    writer.join()
    assert (told.code, told.out) == (0, fleetsync("show", saved).out)


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_a_plan_that_was_edited_is_shown_with_a_warning(
    fleetsync: Fleetsync, saved: Path, form: str
) -> None:
    data = saved.read_bytes().replace(b'"after": 1}', b'"after": 7}', 1)
    saved.write_bytes(data)
    told = fleetsync("show", saved, "--format", form)
    assert told.code == 0
    assert DOUBT in told.err
    assert (DOUBT in told.out) is (form != "json")
    if form == "json":
        assert told.out.encode() == data


Damage = Callable[[bytes], bytes]
DAMAGES: dict[str, Damage] = {
    "cut in its changes": lambda data: data[: len(data) // 2],
    "cut in its last lines": lambda data: data[: data.rindex(b'  "seal"') - 9],
    "written anew by another program": lambda data: json.dumps(json.loads(data)).encode(),
    "empty": lambda _: b"",
    "no JSON": lambda _: b"deviceTypes:\n- id: pump\n" * 9000,
    "a control character": lambda data: data.replace(b"P2", b"\x1b[2J"),
    "a character that no plan has": lambda data: data.replace(b"P2", "ü".encode()),
    "a type that is none": lambda data: data.replace(b'"typeId": "pump"', b'"typeId": 7'),
    "fields that are none": lambda data: data.replace(b'"fields": [{', b'"fields": [[], {'),
    "an action that is none": lambda data: data.replace(b'"create", "kind"', b'"sell", "kind"'),
    "changes out of order": lambda data: data.replace(b'"create", "k', b'"delete", "k', 1),
}


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_no_plan_is_told_in_one_line(
    fleetsync: Fleetsync, saved: Path, name: str, sealed: bool
) -> None:
    data = DAMAGES[name](saved.read_bytes())
    if sealed and b'  "seal"' in data:
        data = sealed_anew(data)
    saved.write_bytes(data)
    told = fleetsync("show", saved, "--format", "markdown")
    assert (told.code, told.out) == (1, "")
    assert told.err == (
        f"Error: {saved}: not a plan as fleetsync saves it, or cut short; make a new plan with:"
        " fleetsync plan --out FILE\n"
    )


def test_a_plan_of_another_version_is_not_guessed_at(fleetsync: Fleetsync, saved: Path) -> None:
    saved.write_bytes(saved.read_bytes().replace(b'"formatVersion": 1', b'"formatVersion": 2'))
    told = fleetsync("show", saved)
    assert (told.code, told.out) == (5, "")
    assert "its format version is 2, this fleetsync reads 1; make a new plan" in told.err


def test_a_file_that_is_not_there_is_told(fleetsync: Fleetsync, tmp_path: Path) -> None:
    told = fleetsync("show", tmp_path / "absent.json")
    assert (told.code, told.out) == (1, "")
    assert "absent.json: the plan cannot be read: No such file or directory; make one" in told.err


def test_a_plan_is_not_replaced_by_what_is_shown_of_it(fleetsync: Fleetsync, saved: Path) -> None:
    before = saved.read_bytes()
    assert fleetsync("show", saved, "--output", f"text={saved}").code == 2
    assert saved.read_bytes() == before


@pytest.mark.parametrize("command", ["validate", "journal"])
def test_what_has_no_markdown_says_so(fleetsync: Fleetsync, saved: Path, command: str) -> None:
    told = fleetsync(command, "--format", "markdown")
    assert (told.code, told.out) == (2, "")
    assert f"{command} has no form markdown, only text and json" in told.err


def test_apply_reports_in_markdown(fleetsync: Fleetsync, saved: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    told = fleetsync("apply", saved, "--output", f"markdown={report}")
    assert told.code == 0
    text = report.read_text("utf-8")
    assert text.startswith("<!-- fleetsync-apply: fleet=test digest=sha256:")
    assert "21 changes: 21 done, 0 already so, 0 failed, 0 not tried.\n" in text
    assert "| create devices | 20 | 0 | 0 | 0 |\n" in text
    assert "To go on" not in text


def test_apply_and_undo_report_as_a_page(fleetsync: Fleetsync, saved: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    assert fleetsync("apply", saved, "--output", f"html={report}").code == 0
    text = report.read_text("ascii")
    assert "<title>Applied to test in org embedded</title>" in text
    assert "<p>21 changes: 0 failed, 0 not tried, 0 already so, 21 done.</p>" in text
    assert "To go on" not in text
    told = fleetsync("undo", "--plan", "--format", "html")
    assert told.code == 0
    assert "<p>Delete 1 device type and 20 devices.</p>" in told.out


SOUND = "".join(plan_text(PLANS["changed"]())).encode("ascii")


@settings(deadline=None)
@given(st.integers(0, len(SOUND)), st.integers(0, 40), st.binary(max_size=30), st.booleans())
def test_of_damaged_documents_only_our_own_errors_come(
    at: int, length: int, put: bytes, sealed: bool
) -> None:
    data = SOUND[:at] + put + SOUND[at + length :]
    if sealed and b'  "seal"' in data:
        data = sealed_anew(data)
    try:
        view = read(data)
        text = "".join(render_plan(view, full=True))
        text += plan_markdown(view, whole="", max_bytes=65_000)
    except FleetsyncError as error:
        told = str(error)
    else:
        told = "plan.json: shown"
        assert_fit_to_be_shown(view, text)
        assert bool(view.doubts) is (data != SOUND and not sealed)
    parted = "a change of the saved plan is not as fleetsync saves it; "
    assert told.startswith(("plan.json: ", parted))


def assert_fit_to_be_shown(view: PlanView, text: str) -> None:
    assert text.count("<!-- fleetsync: ") == 1
    assert all(line.isprintable() for line in text.split("\n"))


def test_a_walk_that_is_given_up_does_not_disturb_the_next() -> None:
    view = read(SOUND)
    counts = []
    for stage in STAGES:
        next(iter(view.walk(stage)), None)
        counts.append(sum(1 for _ in view.walk(stage)))
    assert counts == [0, 1, 0, 13, 6, 0]


def test_a_document_that_becomes_shorter_while_it_is_read_is_told() -> None:
    file = BytesIO(SOUND)

    def lines(start: int) -> Any:
        file.seek(start)
        return iter(file.readline, b"")

    view = read_view(lines, name="plan.json")
    file.truncate(len(SOUND) // 2)
    with pytest.raises(FileError, match=r"plan.json: "):
        list(view.walk(STAGES[4]))


def test_the_digest_in_the_hidden_line_is_that_of_the_plan(
    fleetsync: Fleetsync, saved: Path
) -> None:
    digest = json.loads(saved.read_bytes())["digest"]
    assert len(digest) == len("sha256:") + len(sha256().hexdigest())
    first = fleetsync("show", saved, "--format", "markdown").out.partition("\n")[0]
    assert first == f"<!-- fleetsync: fleet=test digest={digest} format=1 -->"
