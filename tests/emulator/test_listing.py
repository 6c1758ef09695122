"""Lists page, sort, filter and count as platform pages 3.2, 3.3 and 4.1 say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.emulator.collection import DEVICES, TYPES, Collection
from fleetsync.emulator.listing import page_statement, read_page
from fleetsync.emulator.query import BookmarkKey, make_bookmark, read_query
from fleetsync.emulator.state import OrgState
from fleetsync.emulator.switches import Switches

if TYPE_CHECKING:
    from tests.emulator.conftest import Caller

INFOS = [
    {"model": "P2", "serialNumber": "3"},
    {"model": "P1", "serialNumber": "1"},
    {"serialNumber": "4"},
    {"model": "P1", "serialNumber": "2"},
    {},
]


@pytest.fixture
def fleet(call: Caller) -> Caller:
    """An org with pumps p-0 to p-4, one fan f-0, and a type without devices."""
    for type_id in ("pump", "fan", "lamp"):
        call.add_type(type_id)
    items = [
        {"typeId": "pump", "deviceId": f"p-{number}", "deviceInfo": info}
        for number, info in enumerate(INFOS)
    ]
    items.append({"typeId": "fan", "deviceId": "f-0", "deviceInfo": {"model": "P2"}})
    assert call("POST", "/bulk/devices/add", items).status == 201
    return call


def pages(call: Caller, path: str, *, most: int = 20) -> list[dict[str, Any]]:
    """Follow the bookmarks of a listing to its end."""
    found: list[dict[str, Any]] = []
    bookmark = ""
    join = "&" if "?" in path else "?"
    while len(found) < most:
        status, body = call("GET", path + (bookmark and f"{join}_bookmark={quote(bookmark)}"))
        assert status == 200
        found.append(body)
        bookmark = body.get("bookmark", "")
        if not bookmark:
            break
    return found


def ids(body: dict[str, Any]) -> list[str]:
    """Return the device ids of a page."""
    return [item["deviceId"] for item in body["results"]]


def test_a_list_that_fits_one_page_has_no_bookmark(fleet: Caller) -> None:
    body = fleet("GET", "/bulk/devices").body
    assert list(body) == ["results", "meta"]
    assert body["meta"] == {"total_rows": 6}
    assert ids(body) == ["f-0", "p-0", "p-1", "p-2", "p-3", "p-4"]


def test_an_empty_list_has_the_same_envelope(call: Caller) -> None:
    assert call("GET", "/bulk/devices").body == {"results": [], "meta": {"total_rows": 0}}
    assert call("GET", "/device/types").body == {"results": [], "meta": {"total_rows": 0}}


def test_a_listed_device_is_as_get_shows_it(fleet: Caller) -> None:
    item = fleet("GET", "/bulk/devices?deviceId=p-1").body["results"][0]
    assert item == fleet("GET", "/device/types/pump/devices/p-1").body


def test_a_listed_type_is_as_get_shows_it(fleet: Caller) -> None:
    item = fleet("GET", "/device/types?id=pump").body["results"][0]
    assert item == fleet("GET", "/device/types/pump").body


def test_pages_follow_each_other_without_gap_or_overlap(fleet: Caller) -> None:
    found = pages(fleet, "/bulk/devices?_limit=2")
    assert [ids(page) for page in found] == [["f-0", "p-0"], ["p-1", "p-2"], ["p-3", "p-4"]]
    assert [page["meta"]["total_rows"] for page in found] == [6, 6, 6]


def test_types_are_paged_in_the_same_way(fleet: Caller) -> None:
    found = pages(fleet, "/device/types?_limit=2")
    assert [[item["id"] for item in page["results"]] for page in found] == [
        ["fan", "lamp"],
        ["pump"],
    ]
    assert found[0]["meta"] == {"total_rows": 3}


def test_the_devices_of_a_type_are_listed_with_a_slash_at_the_end_too(fleet: Caller) -> None:
    for path in ("/device/types/pump/devices", "/device/types/pump/devices/"):
        found = pages(fleet, f"{path}?_limit=3&_sort=deviceId")
        assert [ids(page) for page in found] == [["p-0", "p-1", "p-2"], ["p-3", "p-4"]]
        assert found[0]["meta"] == {"total_rows": 5}


def test_the_devices_of_an_unknown_type_are_not_found(fleet: Caller) -> None:
    assert fleet("GET", "/device/types/door/devices").status == 404
    assert fleet("GET", "/device/types/lamp/devices").body["results"] == []


def test_the_default_page_has_25_rows(call: Caller) -> None:
    call.add_type("pump")
    items = [{"typeId": "pump", "deviceId": f"p-{number:02}"} for number in range(26)]
    call("POST", "/bulk/devices/add", items)
    assert [len(page["results"]) for page in pages(call, "/bulk/devices")] == [25, 1]


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", "", "201", "99999999999999999999", "²"])
def test_a_bad_page_size_is_refused(fleet: Caller, limit: str) -> None:
    status, body = fleet("GET", f"/bulk/devices?_limit={quote(limit)}")
    assert (status, len(body["violations"])) == (400, 1)


def test_a_page_size_over_the_cap_names_the_cap(fleet: Caller) -> None:
    assert fleet("GET", "/device/types?_limit=201").body["violations"] == [
        {
            "message": "CUDRS0012E: _limit is above 200.",
            "exception": {"id": "CUDRS0012E", "properties": ["_limit", "200"]},
        }
    ]
    assert fleet("GET", "/device/types?_limit=200").status == 200


@pytest.mark.parametrize("switches", [Switches(page_cap=2)], indirect=True)
def test_the_cap_is_a_switch_and_bounds_the_default_page(fleet: Caller) -> None:
    assert fleet("GET", "/bulk/devices?_limit=3").status == 400
    assert ids(fleet("GET", "/bulk/devices").body) == ["f-0", "p-0"]


@pytest.mark.parametrize("switches", [Switches(page_default=4)], indirect=True)
def test_the_default_page_is_a_switch(fleet: Caller) -> None:
    assert [len(page["results"]) for page in pages(fleet, "/bulk/devices")] == [4, 2]


@pytest.mark.parametrize("switches", [Switches(page_cap=2, limit_too_large="clamp")], indirect=True)
def test_a_switch_clamps_a_page_size_over_the_cap(fleet: Caller) -> None:
    found = pages(fleet, "/bulk/devices?_limit=100")
    assert [len(page["results"]) for page in found] == [2, 2, 2]


LAST_PAGES = [
    (Switches(), [3, 3], False),
    (Switches(devices_last_page="extra", types_last_page="extra"), [3, 3, 0], False),
    (Switches(devices_last_page="endless", types_last_page="endless"), [3, 3, 0, 0], True),
]


@pytest.mark.parametrize(("switches", "sizes", "goes_on"), LAST_PAGES, indirect=["switches"])
def test_the_end_of_a_list_of_devices_is_a_switch(
    fleet: Caller, sizes: list[int], goes_on: bool
) -> None:
    found = pages(fleet, "/bulk/devices?_limit=3", most=4)
    assert [len(page["results"]) for page in found] == sizes
    assert ("bookmark" in found[-1]) is goes_on


@pytest.mark.parametrize(("switches", "sizes", "goes_on"), LAST_PAGES, indirect=["switches"])
def test_the_end_of_a_list_of_types_is_a_switch_of_its_own(
    fleet: Caller, sizes: list[int], goes_on: bool
) -> None:
    for type_id in ("a", "b", "c"):
        fleet.add_type(type_id)
    found = pages(fleet, "/device/types?_limit=3", most=4)
    assert [len(page["results"]) for page in found] == sizes
    assert ("bookmark" in found[-1]) is goes_on


@pytest.mark.parametrize("switches", [Switches(types_last_page="extra")], indirect=True)
def test_the_switch_for_types_leaves_devices_alone(fleet: Caller) -> None:
    assert len(pages(fleet, "/bulk/devices?_limit=3")) == 2


def test_a_bookmark_fits_no_other_query(fleet: Caller) -> None:
    bookmark = fleet("GET", "/bulk/devices?_limit=2").body["bookmark"]
    for path in (
        "/bulk/devices?_limit=3",
        "/bulk/devices?_limit=2&_sort=deviceId",
        "/bulk/devices?_limit=2&typeId=pump",
        "/bulk/devices?_limit=2&_facets=typeId",
        "/device/types/pump/devices?_limit=2",
        "/device/types?_limit=2",
    ):
        assert fleet("GET", f"{path}&_bookmark={bookmark}").status == 400, path
    assert fleet("GET", f"/bulk/devices?_bookmark={bookmark}&_limit=2").status == 200


@pytest.mark.parametrize(
    "bookmark",
    ["", "x", "!", "e30", "W10", "bnVsbA", "W251bGwsMSwyXQ", "MQ", "%FF", "WzFd" * 3000],
)
def test_a_garbled_bookmark_is_refused(fleet: Caller, bookmark: str) -> None:
    assert fleet("GET", f"/bulk/devices?_bookmark={bookmark}").status == 400


def test_a_bookmark_with_foreign_values_is_refused_or_harmless(fleet: Caller) -> None:
    with OrgState.open(None) as state, state.turn(writing=False) as turn:
        query = read_query(DEVICES, {"_limit": "2"}, turn.switches)
    good = make_bookmark(query, ("pump", "p-0"))
    assert ids(fleet("GET", f"/bulk/devices?_limit=2&_bookmark={good}").body) == ["p-1", "p-2"]
    odd: Any
    for odd in (
        (None, None), ("pump",), ([], {}), ("pump", "p-0", "x"), ("pump", 2**63), ("\ud800", "p"),
    ):  # fmt: skip
        bookmark = make_bookmark(query, odd)
        assert fleet("GET", f"/bulk/devices?_limit=2&_bookmark={bookmark}").status == 400


def test_rows_may_go_and_come_between_pages(fleet: Caller) -> None:
    first = fleet("GET", "/bulk/devices?_limit=3").body
    fleet("DELETE", "/device/types/pump/devices/p-1")
    fleet("DELETE", "/device/types/pump/devices/p-3")
    fleet.add_device("pump", "p-9")
    path = f"/bulk/devices?_limit=3&_bookmark={first['bookmark']}"
    assert ids(fleet("GET", path).body) == ["p-2", "p-4", "p-9"]


SORTS = [
    ("deviceId", ["f-0", "p-0", "p-1", "p-2", "p-3", "p-4"]),
    ("-deviceId", ["p-4", "p-3", "p-2", "p-1", "p-0", "f-0"]),
    ("typeId,deviceId", ["f-0", "p-0", "p-1", "p-2", "p-3", "p-4"]),
    ("[typeId,deviceId]", ["f-0", "p-0", "p-1", "p-2", "p-3", "p-4"]),
    ("-typeId,-deviceId", ["p-4", "p-3", "p-2", "p-1", "p-0", "f-0"]),
    ("-typeId", ["p-0", "p-1", "p-2", "p-3", "p-4", "f-0"]),
    ("-typeId,deviceId", ["p-0", "p-1", "p-2", "p-3", "p-4", "f-0"]),
    ("deviceInfo.model", ["p-2", "p-4", "p-1", "p-3", "f-0", "p-0"]),
    ("-deviceInfo.model,-deviceInfo.serialNumber", ["p-0", "f-0", "p-3", "p-1", "p-2", "p-4"]),
    ("deviceInfo.serialNumber", ["f-0", "p-4", "p-1", "p-3", "p-0", "p-2"]),
    ("mgmt.dormant,-deviceId", ["p-4", "p-3", "p-2", "p-1", "p-0", "f-0"]),
    ("status.alert.enabled,registration.date", ["f-0", "p-0", "p-1", "p-2", "p-3", "p-4"]),
]


@pytest.mark.parametrize(("sort", "order"), SORTS)
@pytest.mark.parametrize("limit", [1, 2, 5, 200])
def test_every_order_pages_through_all_rows_once(
    fleet: Caller, sort: str, order: list[str], limit: int
) -> None:
    found = pages(fleet, f"/bulk/devices?_limit={limit}&_sort={sort}")
    assert [device for page in found for device in ids(page)] == order


FILTERS = [
    ("typeId=fan", ["f-0"]),
    ("deviceId=p-3", ["p-3"]),
    ("deviceId=P-3", []),
    ("deviceId=p-", []),
    ("deviceId=p-%25", []),
    ("typeId=pump&deviceInfo.model=P1", ["p-1", "p-3"]),
    ("deviceInfo.model=P2", ["f-0", "p-0"]),
    ("deviceInfo.model=", []),
    ("status.alert.enabled=true", ["p-2"]),
    ("status.alert.enabled=false", ["f-0", "p-0", "p-1", "p-3", "p-4"]),
    ("mgmt.dormant=false", []),
    ("registration.date=2000-01-01T00:00:00.000Z", []),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_filters_match_exactly_and_the_total_counts_what_they_leave(
    fleet: Caller, query: str, expected: list[str]
) -> None:
    alert = {"status": {"alert": {"enabled": True}}}
    assert fleet("PUT", "/device/types/pump/devices/p-2", alert).status == 200
    found = pages(fleet, f"/bulk/devices?_limit=2&{query}")
    assert [device for page in found for device in ids(page)] == expected
    assert found[0]["meta"] == {"total_rows": len(expected)}


def test_types_can_be_filtered_and_sorted_by_their_texts(call: Caller) -> None:
    call.add_type("a", description="z", deviceInfo={"model": "M"})
    call.add_type("b", description="y")
    call.add_type("c", deviceInfo={"model": "M"}, edgeConfiguration={"architecture": "arm"})
    expected = {
        "deviceInfo.model=M": ["a", "c"],
        "description=y": ["b"],
        "_sort=description": ["c", "b", "a"],
        "_sort=-edgeConfiguration.architecture": ["c", "a", "b"],
    }
    for query, order in expected.items():
        body = call("GET", f"/device/types?{query}").body
        assert [item["id"] for item in body["results"]] == order


BAD_QUERIES = [
    "/bulk/devices?limit=3",
    "/bulk/devices?_sort=metadata",
    "/bulk/devices?_sort=location",
    "/bulk/devices?_sort=typeId,",
    "/bulk/devices?_facets=deviceId",
    "/bulk/devices?metadata=x",
    "/bulk/devices?typeId=a&typeId=b",
    "/bulk/devices?deviceId=%FF",
    "/device/types?_sort=typeId",
    "/device/types?typeId=pump",
    "/device/types?_facets=typeId",
    "/device/types/pump/devices?typeId=pump",
]


@pytest.mark.parametrize("path", BAD_QUERIES)
def test_a_parameter_that_the_list_does_not_have_is_refused(fleet: Caller, path: str) -> None:
    status, body = fleet("GET", path)
    assert (status, body["exception"]["id"], len(body["violations"])) == (400, "CUDRS0007E", 1)


FACETS = [
    ("/bulk/devices?_facets=typeId", {"typeId": {"fan": 1, "pump": 5}}),
    ("/bulk/devices?_facets=[typeId]", {"typeId": {"fan": 1, "pump": 5}}),
    ("/bulk/devices?_facets=typeId&deviceInfo.model=P1", {"typeId": {"pump": 2}}),
    (
        "/bulk/devices?_facets=deviceInfo.model,status.alert.enabled,mgmt.dormant",
        {
            "deviceInfo.model": {"P1": 2, "P2": 2},
            "status.alert.enabled": {"false": 6},
            "mgmt.dormant": {},
        },
    ),
    ("/device/types/pump/devices?_facets=typeId", {"typeId": {"pump": 5}}),
    ("/device/types?_facets=deviceInfo.model", {"deviceInfo.model": {}}),
]


@pytest.mark.parametrize(("path", "facets"), FACETS)
def test_facets_count_the_whole_listing_on_every_page(
    fleet: Caller, path: str, facets: dict[str, dict[str, int]]
) -> None:
    for page in pages(fleet, f"{path}&_limit=2"):
        assert page["meta"]["facets"] == facets


@pytest.mark.parametrize(
    "switches", [Switches(facets="ignored", total_rows="absent")], indirect=True
)
def test_switches_take_facets_and_total_away(fleet: Caller) -> None:
    assert fleet("GET", "/bulk/devices?_facets=typeId").body["meta"] == {}


BY_KEY = "SEARCH device USING PRIMARY KEY"
PLANS = [
    (DEVICES, "typeId,deviceId", f"{BY_KEY} ((type_id,device_id)>(?,?))"),
    (DEVICES, "-typeId,-deviceId", f"{BY_KEY} ((type_id,device_id)<(?,?))"),
    (DEVICES.of_type("pump"), "deviceId", f"{BY_KEY} (type_id=? AND device_id>?)"),
    (DEVICES.of_type("pump"), "typeId,deviceId", BY_KEY),
    (TYPES, "id", "SEARCH device_type USING PRIMARY KEY (id>?)"),
]


@pytest.mark.parametrize(("collection", "sort", "index"), PLANS)
def test_a_deep_page_is_found_through_the_key_without_sorting(
    org_state: OrgState, collection: Collection, sort: str, index: str
) -> None:
    with org_state.turn(writing=False) as turn:
        query = read_query(collection, {"_sort": sort, "_limit": "100"}, turn.switches)
        after: tuple[BookmarkKey, ...] = ("m",) * len(query.order)
        statement = page_statement(collection, query._replace(after=after), collection.table)
        steps = turn.connection.execute(
            f"EXPLAIN QUERY PLAN {statement.sql}",
            statement.values,
        ).fetchall()
    assert len(steps) == 1
    assert steps[0][-1].startswith(index)


device_rows = st.dictionaries(
    st.text("ab.-", min_size=1, max_size=3),
    st.fixed_dictionaries({}, optional={"model": st.sampled_from(["", "x", "Y", "\u00e9"])}),
    max_size=12,
)
sort_parts = st.lists(
    st.sampled_from(["typeId", "-typeId", "deviceId", "-deviceId", "deviceInfo.model",
                     "-deviceInfo.model", "mgmt.dormant"]),
    max_size=3,
)  # fmt: skip


@given(rows=device_rows, sort=sort_parts, limit=st.integers(1, 5))
def test_pages_of_any_size_and_order_join_to_the_whole_list(
    rows: dict[str, dict[str, str]], sort: list[str], limit: int
) -> None:
    with OrgState.open(None) as state:
        for number, (device_id, info) in enumerate(rows.items()):
            with state.turn(writing=True) as turn:
                type_id = f"t-{number % 2}"
                turn.connection.execute(
                    "INSERT INTO device_type VALUES (?, 'Device', NULL, '{}', NULL, NULL, '', '')"
                    " ON CONFLICT DO NOTHING",
                    (type_id,),
                )
            state.register_as_person(type_id, device_id, body={"deviceInfo": {**info}})
        parameters = {"_limit": str(limit), "_sort": ",".join(sort)}
        found: list[tuple[object, ...]] = []
        with state.turn(writing=False) as turn:
            whole = read_page(turn, DEVICES, {**parameters, "_limit": "200"})
            while True:
                page = read_page(turn, DEVICES, parameters)
                found += [row[:2] for row in page.rows]
                assert page.total == len(rows)
                if page.bookmark is None:
                    break
                parameters["_bookmark"] = page.bookmark
    assert found == [row[:2] for row in whole.rows]
    assert {row[1] for row in found} == set(rows)
