from __future__ import annotations

import pytest

from fleetsync.api.items import ItemResult, match_items, read_keys, read_secrets
from fleetsync.api.masking import Mask
from fleetsync.errors import OutcomeUnknownError
from fleetsync.model.key import DeviceKey
from fleetsync.model.token import Token
from fleetsync.model.value import JSON

ONE, TWO = DeviceKey("pump", "p-1"), DeviceKey("pump", "p-2")


def match_one(*items: JSON, mask: Mask | None = None) -> ItemResult:
    found: list[JSON] = [
        {"typeId": "pump", "deviceId": "p-1", **item} if isinstance(item, dict) else item
        for item in items
    ]
    (result,) = match_items(found, [ONE], mask or Mask())
    return result


def test_items_are_found_by_their_key_whatever_their_order() -> None:
    body: JSON = [
        {"typeId": "pump", "deviceId": "p-2", "success": False},
        {"typeId": "pump", "deviceId": "p-1", "success": True, "authToken": "PtBV-1RqIg4uh)_K"},
    ]
    assert match_items(body, [ONE, TWO], Mask()) == [
        ItemResult(ONE, success=True, token=Token("PtBV-1RqIg4uh)_K")),
        ItemResult(TWO, success=False),
    ]


def test_an_item_that_the_answer_leaves_out_is_unknown() -> None:
    (result,) = match_items([], [ONE], Mask())
    assert result == ItemResult(ONE, None, None, "the org's answer does not speak of it")


@pytest.mark.parametrize(
    ("item", "success"),
    [
        ({"success": True}, True),
        ({"success": False}, False),
        ({"success": None}, False),
        ({}, False),
        ({"success": "true"}, None),
        ({"success": 1}, None),
    ],
)
def test_only_true_is_success_and_a_missing_flag_is_failure(
    item: JSON, success: bool | None
) -> None:
    assert match_one(item).success is success


def test_an_answer_that_says_both_says_nothing() -> None:
    result = match_one({"success": True}, {"success": False})
    assert (result.success, result.detail) == (None, "the org's answer contradicts itself about it")


def test_the_same_item_twice_is_no_contradiction() -> None:
    assert match_one({"success": True}, {"success": True}) == ItemResult(ONE, success=True)


@pytest.mark.parametrize(
    ("rest", "detail"),
    [
        ({"message": "exists", "exception": {"id": "CUDRS0020E"}}, "CUDRS0020E: exists"),
        ({"reason": "exists", "code": 5}, '{"reason": "exists", "code": 5}'),
        ({"message": "bad\x1b[1m"}, "bad\\x1b[1m"),
    ],
)
def test_whatever_else_the_org_says_of_an_item_is_its_detail(
    rest: dict[str, JSON], detail: str
) -> None:
    assert match_one({"success": False, **rest}).detail == detail


def test_no_token_is_in_a_detail_neither_a_known_one_nor_the_items_own() -> None:
    item: JSON = {"authToken": "own-t0ken", "message": "own-t0ken or sent-t0ken is bad"}
    result = match_one(item, mask=Mask(["sent-t0ken"]))
    assert result.detail == "*** or *** is bad"
    assert "t0ken" not in repr(result)


@pytest.mark.parametrize("junk", [None, 5, "x", [], {"typeId": 5}])
def test_junk_between_the_items_is_passed_over(junk: JSON) -> None:
    body: JSON = [junk, {"typeId": "pump", "deviceId": "p-1", "success": True}]
    assert match_items(body, [ONE], Mask()) == [ItemResult(ONE, success=True)]


@pytest.mark.parametrize("body", [None, {}, "ok", {"results": []}])
def test_an_answer_that_is_no_list_leaves_everything_unknown(body: JSON) -> None:
    with pytest.raises(OutcomeUnknownError, match="is no list"):
        match_items(body, [ONE], Mask())


def test_keys_and_tokens_are_read_from_encoded_items() -> None:
    items = [
        b'{"typeId":"pump","deviceId":"p-1","authToken":"t0ken"}',
        b'{"typeId":"a","deviceId":"b"}',
    ]
    assert read_keys(items) == [ONE, DeviceKey("a", "b")]
    assert list(read_secrets(items)) == ["t0ken"]
