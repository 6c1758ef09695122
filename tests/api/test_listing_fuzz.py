"""Whatever a list answers: it ends, in few requests, with a listing or an error of ours.

``FLEETSYNC_LISTING_EXAMPLES`` says how many answers to try.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleetsync.api.connection import Connection
from fleetsync.api.registry import Registry
from fleetsync.api.transport import Reader
from fleetsync.errors import FleetsyncError
from tests.api.conftest import CREDENTIALS, GIVE_UP
from tests.api.hostile import Asked, HostileServer, in_turn, reply

EXAMPLES = int(os.environ.get("FLEETSYNC_LISTING_EXAMPLES", "60"))
FEW = settings(
    max_examples=EXAMPLES,
    deadline=None,  # the machine may be busy
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # one server serves all examples
)
MOST_REQUESTS = 4 * 20  # a first page that makes no sense, then lists in doubt, each read twice
SURROGATES = st.text(st.characters(), max_size=5)
NUMBERS = st.sampled_from([10**15, 10**400, -(10**400), 1e308, 5e-324, -0.0, 1.5, 0, -1])
LEAVES = st.none() | st.booleans() | st.integers() | NUMBERS | SURROGATES
JSONS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SURROGATES, inner, max_size=4),
    max_leaves=8,
)
GOOD: dict[str, Any] = {
    "results": [
        {
            "id": f"a{number}",
            "typeId": "a",
            "deviceId": f"d-{number}",
            "classId": "Device",
            "deviceInfo": {"serialNumber": str(number), "model": "M"},
            "metadata": {"floor": number, "deep": {"list": [1, 2.0]}},
            "status": {"alert": {"enabled": False}},
            "registration": {"auth": {"id": "a-x-y", "type": "app"}, "date": "2026-01-01"},
        }
        for number in range(4)
    ],
    "bookmark": "g1",
    "meta": {"total_rows": 4, "facets": {"typeId": {"a": 4}}},
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the path of every value inside."""
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def mutate(path: tuple[Any, ...], other: Any) -> Any:
    if not path:
        return other
    page = copy.deepcopy(GOOD)
    inner = page
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = other
    return page


MUTATED = st.builds(mutate, st.sampled_from(list(places(GOOD))), JSONS)
SHUFFLED = st.permutations(GOOD["results"]).map(lambda rows: {**GOOD, "results": rows})
BODIES = st.one_of(MUTATED, SHUFFLED, JSONS).map(lambda body: json.dumps(body).encode())
ANSWERS = st.lists(BODIES | st.binary(max_size=30), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def liar() -> Iterator[HostileServer]:
    with HostileServer(in_turn(reply())) as server:
        yield server


@pytest.fixture(scope="module")
def registry(liar: HostileServer) -> Iterator[Registry]:
    connection = Connection(
        base_url=liar.url, credentials=CREDENTIALS, calls_per_second=100_000, retry=GIVE_UP
    )
    with Reader(connection) as reader:
        yield Registry(reader)


READINGS: dict[str, Callable[[Registry], object]] = {
    "types": lambda registry: registry.device_types().items,
    "devices of one type": lambda registry: registry.devices({"a"}).by_type,
    "devices of many types": lambda registry: registry.devices({"a", "b", "c"}).by_type,
}


def read(registry: Registry, server: HostileServer, name: str) -> str:
    """Give the words of the error, if one came."""
    server.asked.clear()
    try:
        READINGS[name](registry)
    except FleetsyncError as error:
        return str(error)
    finally:
        assert len(server.asked) <= MOST_REQUESTS
    return ""


@pytest.mark.parametrize("name", READINGS)
@given(bodies=ANSWERS)
@FEW
def test_any_answer_ends_in_a_listing_or_an_error_of_ours(
    liar: HostileServer, registry: Registry, name: str, bodies: list[bytes]
) -> None:
    liar.script = in_turn(*(reply(200, body) for body in bodies))
    words = read(registry, liar, name)
    assert len(words) < 1_000
    assert CREDENTIALS.token not in words


def nested(depth: int, kind: str) -> bytes:
    opened, closed = (
        ("[" * depth, "]" * depth) if kind == "lists" else ('{"a":' * depth, "}" * depth)
    )
    row = json.dumps(GOOD["results"][0])[:-1] + f', "metadata": {{"x": {opened}1.0{closed}}}}}'
    return f'{{"results": [{row}], "meta": {{"total_rows": 1}}}}'.encode()


@pytest.mark.parametrize("kind", ["lists", "objects"])
@pytest.mark.parametrize("depth", [10, 100, 101, 450, 900, 990, 1_000, 100_000])
def test_deep_nesting_is_read_or_refused(
    liar: HostileServer, registry: Registry, depth: int, kind: str
) -> None:
    liar.script = in_turn(reply(200, nested(depth, kind)))
    for name in READINGS:
        words = read(registry, liar, name)
        assert bool(words) == (depth > 100)
        assert len(words) < 1_000


@pytest.mark.parametrize("total", [None, 0, 7, 10**9])
@pytest.mark.parametrize("rows", [[], GOOD["results"]])
def test_bookmarks_without_end_are_not_followed(
    liar: HostileServer, registry: Registry, rows: list[Any], total: int | None
) -> None:
    number = iter(range(1_000_000))

    def script(_: Asked) -> bytes:
        meta = {} if total is None else {"total_rows": total}
        return reply(200, {"results": rows, "bookmark": f"g{next(number)}", "meta": meta})

    liar.script = script
    for name in READINGS:
        assert read(registry, liar, name) == ""
