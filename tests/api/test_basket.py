from __future__ import annotations

import pytest

from fleetsync.api.basket import DeviceBasket, TypeBasket
from fleetsync.api.wire import Memo
from fleetsync.errors import ApiError
from fleetsync.model.live import LiveDevice, LiveDeviceType
from fleetsync.model.value import JSON


def row(type_id: str, device_id: str, **parts: JSON) -> JSON:
    return {"typeId": type_id, "deviceId": device_id, **parts}


def test_types_are_kept_by_id_and_the_first_of_two_stays() -> None:
    basket = TypeBasket()
    assert basket.add({"id": "pump", "description": "first"}) == ("pump",)
    assert basket.add({"id": "pump", "description": "second"}) == ("pump",)
    assert basket.items == {"pump": LiveDeviceType("pump", description="first")}
    assert len(basket) == 1


def test_devices_are_kept_by_type_and_id_and_the_first_of_two_stays() -> None:
    basket = DeviceBasket({"pump", "valve"}, Memo())
    assert basket.add(row("pump", "1", deviceInfo={"model": "first"})) == ("pump", "1")
    assert basket.add(row("valve", "1")) == ("valve", "1")
    assert basket.add(row("pump", "1")) == ("pump", "1")
    assert basket.by_type == {
        "pump": {"1": LiveDevice("pump", "1", {"model": "first"})},
        "valve": {"1": LiveDevice("valve", "1")},
    }
    assert len(basket) == 2


def test_devices_of_other_types_are_only_counted_each_once() -> None:
    basket = DeviceBasket({"pump"}, Memo())
    assert basket.add(row("other", "1")) == ("other", "1")
    assert basket.add(row("other", "1")) == ("other", "1")
    assert basket.by_type == {"pump": {}}
    assert len(basket) == 1


@pytest.mark.parametrize("bad", [None, [], {}, {"typeId": "pump"}, {"typeId": 1, "deviceId": 2}])
def test_a_row_that_is_no_device_is_an_error(bad: JSON) -> None:
    with pytest.raises(ApiError, match="the org's answer makes no sense: a device"):
        DeviceBasket({"pump"}, Memo()).add(bad)


def test_other_types_are_odd_only_in_a_list_that_should_hold_none() -> None:
    for alone, oddities in ((False, []), (True, ["2 of another type"])):
        basket = DeviceBasket({"pump"}, Memo(), alone=alone)
        for each in (row("pump", "1"), row("other", "1"), row("more", "1"), row("other", "1")):
            basket.add(each)
        assert list(basket.oddities()) == oddities
