"""Offer the org's types and devices: pages in, nouns out; callers never see a bookmark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from fleetsync.api.basket import TypeBasket
from fleetsync.api.connected import client_states, get_extra
from fleetsync.api.connection_log import read_connection_log
from fleetsync.api.device_list import DeviceLister
from fleetsync.api.error_codes import newest_error
from fleetsync.api.paging import ListReader, ignore_progress
from fleetsync.api.presence import last_logged, look_for
from fleetsync.api.wire import (
    Organization,
    parse_device,
    parse_device_type,
    parse_location,
    parse_organization,
)
from fleetsync.errors import ApiError
from fleetsync.model.live import LiveDeviceType

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from fleetsync.api.connected import ClientStates
    from fleetsync.api.device_list import DeviceListing
    from fleetsync.api.presence import Client
    from fleetsync.api.transport import Reader
    from fleetsync.api.walk import Progress
    from fleetsync.model.key import DeviceKey
    from fleetsync.model.live import LiveDevice
    from fleetsync.model.location import Location
    from fleetsync.model.presence import Presence
    from fleetsync.model.value import JSON

T = TypeVar("T")


class Listing(NamedTuple, Generic[T]):
    """A list that was read to its end; ``total`` is how many it held.

    ``doubts`` say, in words, why it is not provably whole. ``notes`` are for people: what was odd
    but speaks against nothing.
    """

    items: Mapping[str, T]
    total: int
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Registry:
    """Reads the org; it is handed a Reader, so that it cannot write."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._lists = ListReader(reader)

    @property
    def requests(self) -> int:
        """How many requests were sent so far, each retry counted."""
        return self._reader.requests

    def organization(self) -> Organization:
        """Ask who the org is: a good probe of url and credentials (platform page 2)."""
        return parse_organization(self._reader.get(()).body)

    def device_types(self, *, progress: Progress = ignore_progress) -> Listing[LiveDeviceType]:
        """List all device types."""
        paged = self._lists.open(("device", "types"), {"_sort": "id"})
        basket, census = self._lists.read(paged, TypeBasket, progress)
        return Listing(basket.items, census.rows, census.doubts, census.notes)

    def devices(
        self, type_ids: Collection[str], *, progress: Progress = ignore_progress
    ) -> DeviceListing:
        """List the devices of these types, in the way that costs least."""
        return DeviceLister(self._lists, type_ids, progress).read()

    def device_type(self, type_id: str) -> LiveDeviceType | None:
        """Read one device type; None when there is none (page 3.5)."""
        body = self._get_or_none(("device", "types", type_id))
        return None if body is None else parse_device_type(body)

    def device(self, key: DeviceKey) -> LiveDevice | None:
        """Read one device; None when there is none, or it is hidden (page 5.3)."""
        body = self._get_or_none(device_path(key))
        return None if body is None else parse_device(body)

    def location(self, key: DeviceKey) -> Location | None:
        """Read a device's location; None when it was never set, or no such device (page 5.6)."""
        body = self._get_or_none((*device_path(key), "location"))
        return None if body is None else parse_location(body)

    def has_connected(self, key: DeviceKey) -> bool:
        """Tell whether a device has ever connected, by its connection log (page 6.3).

        The log lags by half a minute, and is empty for a device that may not be seen.
        """
        return bool(read_connection_log(self._reader, key, {"limit": "1"}))

    def newest_error(self, key: DeviceKey) -> int | None:
        """Give the error code that a device reported last, if that is one (page 6.2)."""
        return newest_error(get_extra(self._reader, (*device_path(key), "diag", "errorCodes")))

    def client_states(self, *, progress: Progress = ignore_progress) -> ClientStates:
        """Tell of each client that was ever seen whether it is connected.

        Raises ApiError where the org does not tell.
        """
        return client_states(self._reader, {}, progress)

    def presences(
        self, org: str, clients: Sequence[Client], *, since: str | None = None
    ) -> dict[DeviceKey, Presence]:
        """Say of each device whether it is connected; ApiError where the org does not tell.

        ``since``: none of them can have connected before.
        """
        return look_for(self._reader, org, clients, since=since)

    def last_logged(self, keys: Sequence[DeviceKey]) -> dict[DeviceKey, str]:
        """Give the time of the newest entry in each device's connection log, if it has one."""
        return last_logged(self._reader, keys)

    def _get_or_none(self, segments: tuple[str, ...]) -> JSON:
        try:
            return self._reader.get(segments).body
        except ApiError as error:
            if error.status == 404:
                return None
            raise


def device_path(key: DeviceKey) -> tuple[str, ...]:
    """Give the path segments of one device."""
    return ("device", "types", key.type_id, "devices", key.device_id)
