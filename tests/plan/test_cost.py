from __future__ import annotations

from fleetsync.batch import encode_item
from fleetsync.plan.cost import TOKEN_BYTES, Cost
from fleetsync.tokens.make import make_token


def test_a_token_adds_as_many_bytes_as_the_plan_counts_with() -> None:
    body = {"typeId": "pump", "deviceId": "p-1"}
    with_token = {**body, "authToken": make_token().reveal()}
    assert len(encode_item(with_token)) - len(encode_item(body)) == TOKEN_BYTES


def test_seconds_are_those_of_all_calls_at_the_rate_of_the_fleet() -> None:
    assert Cost(read=12, write=5).seconds(10) == 1.7
    assert Cost(read=12, write=5).seconds(8) == 2.1
    assert Cost(read=0, write=0).seconds(8) == 0.0
