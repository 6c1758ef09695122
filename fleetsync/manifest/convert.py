"""Turn items that fit the schema into the nouns of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleetsync.batch import encode_item
from fleetsync.manifest.scalar import MAX_INTEGER
from fleetsync.manifest.share import Sharing
from fleetsync.model import NO_LIFECYCLE, Device, DeviceType, Lifecycle, Location
from fleetsync.model.path import parse_path, path_text
from fleetsync.model.value import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleetsync.model import JSON, Source

_MEMO_SIZE = 100_000
"""Distinct lengths that are remembered to share them."""

RESERVE_BYTES = 64 + 1_024
"""Room for what fleetsync adds to a body: a token, and its own mark in metadata."""


class Converter:
    """Makes devices and types out of items; equal parts are shared."""

    def __init__(self) -> None:
        self._sharing = Sharing()
        self._lengths: dict[float, float] = {}
        self._lifecycles: dict[Lifecycle, Lifecycle] = {}

    def device(self, item: Mapping[str, Any], source: Source) -> Device:
        """Make a device. Any: the schema holds the form."""
        status = item.get("status")
        return Device(
            item["typeId"],
            item["deviceId"],
            source,
            self._device_info(item.get("deviceInfo")),
            self._metadata(item.get("metadata")),
            self._location(item.get("location")),
            None if status is None else status["alert"]["enabled"],
            self._lifecycle(item.get("lifecycle")),
        )

    def device_type(self, item: Mapping[str, Any], source: Source) -> DeviceType:
        """Make a device type. Any: the schema holds the form."""
        return DeviceType(
            item["id"],
            source,
            item.get("classId"),
            item.get("description"),
            self._device_info(item.get("deviceInfo")),
            self._metadata(item.get("metadata")),
            self._lifecycle(item.get("lifecycle")),
        )

    def _device_info(self, value: dict[str, Any] | None) -> Mapping[str, str]:
        if not value:
            return EMPTY
        if None in value.values():
            value = {key: "" if text is None else text for key, text in value.items()}
        return self._sharing.mapping(value)  # type: ignore[return-value]  # all of it is text

    def _metadata(self, value: dict[str, JSON] | None) -> dict[str, JSON] | None:
        return None if value is None else self._sharing.mapping(value)

    def _location(self, value: Mapping[str, Any] | None) -> Location | None:
        if value is None:
            return None
        return Location(
            float(value["latitude"]),
            float(value["longitude"]),
            self._metres(value.get("elevation")),
            self._metres(value.get("accuracy")),
            value.get("measuredDateTime"),
        )

    def _metres(self, value: float | None) -> float | None:
        if value is None:
            return None
        if len(self._lengths) > _MEMO_SIZE:
            self._lengths.clear()
        metres = float(value)
        return self._lengths.setdefault(metres, metres) if metres else 0.0

    def _lifecycle(self, value: Mapping[str, Any] | None) -> Lifecycle:
        if value is None:
            return NO_LIFECYCLE
        lifecycle = Lifecycle(
            protect=value.get("protect", False),
            prune=value.get("prune"),
            propagate=value.get("propagate", False),
            ignore_changes=tuple(dict.fromkeys(map(_one_spelling, value.get("ignoreChanges", ())))),
        )
        return self._lifecycles.setdefault(lifecycle, lifecycle)


def _one_spelling(path: str) -> str:
    return path_text(parse_path(path))


def body_bytes(item: Mapping[str, JSON]) -> int:
    """Give the size of an item's add request of one, with room for what fleetsync adds."""
    body = {key: value for key, value in item.items() if key not in {"lifecycle", "status"}}
    return len(encode_item([body])) + RESERVE_BYTES


def with_whole_numbers(value: JSON) -> JSON:
    """Write floats without a fraction as integers, so that ``12.0`` and ``12`` are one text."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_INTEGER:
        return int(value)
    if isinstance(value, dict):
        return {key: with_whole_numbers(below) for key, below in value.items()}
    return [with_whole_numbers(below) for below in value] if isinstance(value, list) else value
