"""Sort out arguments that the guide and the old code give in different orders and forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, TypeAlias

Object: TypeAlias = "Mapping[str, Any]"

_NUMBERS = ("longitude", "latitude", "elevation", "accuracy")


def token_and_metadata(
    token: str | Object | None, metadata: Object | None
) -> tuple[str | None, Object | None]:
    """Tell a token from metadata: the guide's sample gives metadata in the token's place.

    A token is always a text and metadata never are, so there is nothing to guess.
    """
    if not isinstance(token, Mapping):
        return token, metadata
    if metadata is not None:
        raise TypeError("registerDevice: metadata is given twice, once in the place of authToken")
    return None, token


def parts_of_update(
    metadata: Object | None, device_info: Object | None, status: Object | None
) -> tuple[Object | None, Object | None, Object | None]:
    """Tell deviceInfo and status apart: a sample of the guide leaves metadata out before them.

    ``alert`` is the one key of a status and can be none of a deviceInfo, so nothing is guessed.
    """
    if status is None and device_info is not None and set(device_info) == {"alert"}:
        return None, metadata, device_info
    return metadata, device_info, status


def located(location: Object | None) -> Any:
    """Write the numbers of a location as numbers; the guide's sample has them as texts."""
    if location is None:
        return None
    return {name: _number(value) if name in _NUMBERS else value for name, value in location.items()}


def located_devices(devices: Sequence[Object]) -> list[Object]:
    """Do the same for a list of devices."""
    return [
        {**device, "location": located(device["location"])} if "location" in device else device
        for device in devices
    ]


def _number(value: Any) -> Any:
    """Give the number that a text means; any other text is for the platform to refuse."""
    if not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    return number if isfinite(number) else value
