from __future__ import annotations

import json
from pathlib import Path

from fleetsync.batch import encode_item
from fleetsync.plan.cost import TOKEN_BYTES, Cost
from fleetsync.tokens.make import make_token
from tests.plan.plans import make_plan_of, saved_bytes


def test_a_token_adds_as_many_bytes_as_the_plan_counts_with() -> None:
    body = {"typeId": "pump", "deviceId": "p-1"}
    with_token = {**body, "authToken": make_token().reveal()}
    assert len(encode_item(with_token)) - len(encode_item(body)) == TOKEN_BYTES


def test_seconds_are_those_of_all_calls_at_the_rate_of_the_fleet() -> None:
    assert Cost(read=12, write=5).seconds(10) == 1.7
    assert Cost(read=12, write=5).seconds(8) == 2.1
    assert Cost(read=12, write=5, look=11).seconds(10) == 2.8
    assert Cost(read=0, write=0).seconds(8) == 0.0


def test_a_location_is_looked_at_before_a_device_goes_or_moves_and_for_nothing_else(
    tmp_path: Path,
) -> None:
    moves = {"typeId": "pump", "deviceId": "p-1", "location": {"latitude": 1.0, "longitude": 0.1}}
    changes = {"typeId": "pump", "deviceId": "p-2", "metadata": {"floor": 2}}
    comes = {**moves, "deviceId": "p-4"}
    plan = make_plan_of(
        tmp_path,
        {
            "types": [{"id": "pump"}],
            "devices": [{"typeId": "pump", "deviceId": f"p-{n}"} for n in range(4)],
        },
        deviceTypes=[{"id": "pump", "description": "new"}],
        devices=[moves, changes, comes],
    )
    assert [(each.name, each.action) for each in plan.changes] == [
        ("pump", "update"),
        ("pump/p-4", "create"),
        ("pump/p-1", "update"),
        ("pump/p-2", "update"),
        ("pump/p-0", "delete"),
        ("pump/p-3", "delete"),
    ]
    assert plan.cost.look == 3
    document = json.loads(saved_bytes(plan))
    assert document["summary"]["apiCalls"]["look"] == 3
