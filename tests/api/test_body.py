from __future__ import annotations

from fleetsync.api.body import location_body, remove_body
from fleetsync.model.key import DeviceKey
from fleetsync.model.location import Location


def test_a_location_is_sent_whole_under_the_platforms_names() -> None:
    assert location_body(Location(50.2, 8.1, 120, 5, "2019-05-06T10:23:57.000Z")) == {
        "latitude": 50.2,
        "longitude": 8.1,
        "elevation": 120,
        "accuracy": 5,
        "measuredDateTime": "2019-05-06T10:23:57.000Z",
    }


def test_what_a_location_does_not_say_is_left_out_but_zero_is_said() -> None:
    assert location_body(Location(0, 0)) == {"latitude": 0, "longitude": 0}


def test_a_removal_names_the_device() -> None:
    assert remove_body(DeviceKey("pump", "p-1")) == {"typeId": "pump", "deviceId": "p-1"}
