from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from fleetsync.apply.outcome import done, failed
from fleetsync.cli.page_assets import page_assets
from fleetsync.diff.change import Action, Field
from fleetsync.model import Kind, Source
from fleetsync.plan.view import PlanView, ReadChange, field_text, view_of
from fleetsync.report.html.report import report_html
from fleetsync.report.outcome import make_report
from tests.browser.conftest import WHOLE, OpenPieces, OpenPlan
from tests.report import sample
from tests.report.markdown_plans import HOSTILE, VIEWS, update, view_with

NEXT, BEFORE = "n", "p"


def move(device_id: str, start: tuple[float, float], end: tuple[float, float]) -> ReadChange:
    paths = ("location.latitude", "location.longitude")
    fields = tuple(Field(*each) for each in zip(paths, start, end, strict=True))
    return update(device_id, fields)


def create(number: int) -> ReadChange:
    fields = [
        Field("location.latitude", None, number % 1200 / 10 - 60),
        Field("location.longitude", None, number * 7 % 3600 / 10 - 180),
        Field("metadata.serial", None, f"SN{number:06}"),
    ]
    source = Source("manifests/pumps.yaml", number + 1)
    told = list(map(field_text, fields))
    name = f"p-{number:06}"
    return ReadChange(Action.CREATE, Kind.DEVICE, "pump", name, "not in the org", source, told)


def places() -> PlanView:
    return view_with(
        [
            create(0),
            move("m-1", (48.1, 11.5), (52.5, 13.4)),
            update("u-1", (Field("metadata.floor", 1, 2),)),
        ]
    )


def found(page: Page) -> Any:  # expect() takes a locator
    return page.locator("#found")


def selected(page: Page) -> str:
    return page.locator(".detail h2").inner_text()


def test_the_table_finds_filters_and_sorts(open_plan: OpenPlan) -> None:
    page = open_plan(view_of(sample.changed()))
    expect(found(page)).to_have_text("20 changes")
    first = page.locator(".body .row").first
    expect(first).to_contain_text("delete")
    page.get_by_label("Search").fill("PUMP/P-1")
    expect(found(page)).to_have_text("2 of 20 changes")
    page.get_by_label("Search").fill("floor p-03")
    expect(found(page)).to_have_text("0 of 20 changes")
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Action").select_option("delete")
    expect(found(page)).to_have_text("6 of 20 changes")
    page.get_by_label("Action").select_option("")
    page.get_by_label("Field").select_option("=metadata.line")
    expect(found(page)).to_have_text("18 of 20 changes")
    page.get_by_role("button", name="Device", exact=True).click()
    page.get_by_role("button", name="Device", exact=True).click()
    expect(first).to_contain_text("p-11")
    expect(page.locator("[data-column=device]")).to_have_attribute("aria-sort", "descending")


def test_a_change_shows_its_fields_before_and_after(open_plan: OpenPlan) -> None:
    page = open_plan(VIEWS["one"]())
    page.locator(".body .row").click()
    assert selected(page) == "~ update device pump/p-1"
    cells = page.locator(".fields tbody tr").first.locator("th, td").all_inner_texts()
    assert cells == ["metadata.floor", "1", "2"]


def test_the_keyboard_alone_does_it_all(open_plan: OpenPlan) -> None:
    page = open_plan(places())
    page.get_by_label("Search").focus()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "grid":
            break
    page.keyboard.press("End")
    assert selected(page) == "~ update device pump/u-1"
    page.keyboard.press("Home")
    assert selected(page) == "+ create device pump/p-000000"
    page.keyboard.press("ArrowDown")
    assert selected(page) == "~ update device pump/m-1"
    expect(page.locator("[aria-selected=true]")).to_contain_text("m-1")
    page.locator("#map").focus()
    for key in ("+", "ArrowLeft", "ArrowUp", "-", "0", NEXT):
        page.keyboard.press(key)
    assert selected(page) == "+ create device pump/p-000000"


def test_the_map_tells_how_many_devices_it_cannot_place(open_plan: OpenPlan) -> None:
    page = open_plan(places())
    expect(page.locator("#map-count")).to_have_text(
        "2 devices on the map; 1 has no known location, since the change does not tell it."
    )


def test_filters_hold_for_the_map_too(open_plan: OpenPlan) -> None:
    page = open_plan(places())
    page.get_by_label("Action").select_option("create")
    expect(page.locator("#map-count")).to_have_text("1 device on the map.")


def test_fingers_and_wheel_move_the_map(open_plan: OpenPlan) -> None:
    page = open_plan(places())
    canvas = page.locator("#map")
    drawn = "document.getElementById('map').toDataURL()"
    canvas.click(position={"x": 5, "y": 5})
    pictures = [page.evaluate(drawn)]
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.wheel(0, -300)
    page.wait_for_function(f"before => {drawn} !== before", arg=pictures[-1])
    pictures.append(page.evaluate(drawn))
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 130, steps=3)
    page.mouse.up()
    page.wait_for_function(f"before => {drawn} !== before", arg=pictures[-1])
    page.get_by_role("button", name="All: show all devices").click()
    page.wait_for_function(f"before => {drawn} === before", arg=pictures[0])


def test_a_click_on_the_map_selects_the_row(open_plan: OpenPlan) -> None:
    page = open_plan(view_with([create(0)]))
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert selected(page) == "+ create device pump/p-000000"
    expect(page.locator("[aria-selected=true]")).to_contain_text("p-000000")


def test_hostile_text_shows_as_text(open_plan: OpenPlan) -> None:
    page = open_plan(VIEWS["hostile"]())
    page.get_by_label("Search").fill("p-1")
    page.locator(".body .row").first.click()
    before = page.locator(".fields tbody td").first.inner_text()
    assert before == json.dumps(HOSTILE, ensure_ascii=False).replace("\u202e", "\\u202e").replace(
        "\u200b", "\\u200b"
    ).replace("\ud800", "\\ud800")
    assert page.locator("img").count() == 0


def violations_of(page: Page) -> list[Any]:
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    violations = page.evaluate("axe.run().then(done => done.violations)")
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in violations]


def test_what_became_of_a_plan_can_be_filtered_by_its_end(open_pieces: OpenPieces) -> None:
    plan = sample.changed()
    outcomes = [failed(plan.changes[0], "the org refused it"), *map(done, plan.changes[1:])]
    report = make_report(plan, outcomes, fatal=None, calls=7, secrets_file="s")
    page = open_pieces(report_html(report, page_assets(), again="fleetsync plan", whole=WHOLE))
    page.get_by_label("Outcome").select_option("failed")
    expect(found(page)).to_have_text("1 of 20 changes")
    page.locator(".body .row").click()
    expect(page.locator(".detail")).to_contain_text("failed: the org refused it")
    assert violations_of(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_axe_finds_nothing(open_plan: OpenPlan, scheme: str, width: int) -> None:
    view = view_of(sample.changed())
    page = open_plan(view, color_scheme=scheme, viewport={"width": width, "height": 900})
    page.locator(".body .row").nth(8).click()
    assert violations_of(page) == []


def test_a_phone_scrolls_in_one_direction_only(open_plan: OpenPlan) -> None:
    page = open_plan(VIEWS["hostile"](), viewport={"width": 390, "height": 844})
    page.locator(".body .row").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_print_lists_the_changes_in_full(open_plan: OpenPlan) -> None:
    page = open_plan(view_with([create(number) for number in range(1_200)]))
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(page.locator("#print h2")).to_have_text("The first 1,000 of 1,200 changes found")
    assert page.locator("#print .change").count() == 1_000
    assert not page.locator("#grid").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("#print .change").count() == 0


def test_without_javascript_the_summary_is_there(open_plan: OpenPlan) -> None:
    page = open_plan(view_of(sample.changed()), java_script_enabled=False)
    expect(page.locator("header p")).to_have_text(
        "Delete 6 devices, update 1 device type and 13 devices."
    )
    expect(page.locator(".refused")).to_contain_text("the plan deletes 6 of 19 devices")
    expect(page.locator(".without-script")).to_contain_text(WHOLE)


def test_many_changes_are_few_elements(open_plan: OpenPlan) -> None:
    page = open_plan(view_with([create(number) for number in range(20_000)]))
    page.locator("#grid").focus()
    page.keyboard.press("End")
    assert selected(page) == "+ create device pump/p-019999"
    assert page.locator(".body .row").count() < 80
    page.get_by_label("Search").fill("sn01234")
    expect(found(page)).to_have_text("10 of 20,000 changes")


def test_the_theme_can_be_chosen(open_plan: OpenPlan) -> None:
    page = open_plan(VIEWS["one"](), color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(20, 23, 27)"
    page.get_by_role("button", name="Theme: auto").click()
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
