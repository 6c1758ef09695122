"""Change the org: one request a call, and an honest word for each item of it."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from fleetsync.api.body import location_body, remove_body
from fleetsync.api.items import match_items, read_keys, read_secrets
from fleetsync.api.registry import Registry, device_path
from fleetsync.api.wire import parse_device, parse_device_type, parse_location
from fleetsync.batch import encode_item, join_batch
from fleetsync.errors import ApiError, OutcomeUnknownError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleetsync.api.answer import Answer
    from fleetsync.api.items import ItemResult
    from fleetsync.api.transport import Transport
    from fleetsync.model.key import DeviceKey
    from fleetsync.model.live import LiveDevice, LiveDeviceType
    from fleetsync.model.location import Location
    from fleetsync.model.value import JSON, JSONObject

T = TypeVar("T")

_TYPES = ("device", "types")
_DELETE_ATTEMPTS = 4  # the platform's own test helper tries as often (page 3.7)


class TypeDeletion(StrEnum):
    """What became of a request to delete a type."""

    DELETED = "deleted"
    IN_USE = "in use"
    ABSENT = "absent"


class RegistryWriter(Registry):
    """Reads and changes the org.

    Each method raises ApiError when the org refuses, and OutcomeUnknownError when nobody knows.
    ``settle_seconds`` is how long a freshly emptied type is left alone before the next try.
    """

    def __init__(self, transport: Transport, *, settle_seconds: float = 1.0) -> None:
        super().__init__(transport)
        self._transport = transport
        self._settle_seconds = settle_seconds

    def add_device_type(self, body: JSONObject) -> LiveDeviceType:
        """Create a type (page 3.4); ApiError with status 409 if there is one."""
        answer = self._transport.post(_TYPES, encode_item(dict(body)))
        return _read_back(parse_device_type, answer)

    def update_device_type(self, type_id: str, body: JSONObject) -> LiveDeviceType:
        """Change a type; devices that exist do not change with it (page 3.6)."""
        answer = self._transport.put((*_TYPES, type_id), encode_item(dict(body)))
        return _read_back(parse_device_type, answer)

    def delete_device_type(self, type_id: str) -> TypeDeletion:
        """Delete a type; one that still has devices is refused with 400, maybe 409 (page 3.7).

        The refusal may outlive the last device by a moment, so it is tried again. If it stays while
        no device is listed, ApiError tells what the platform says.
        """
        refusal = self._try_delete(type_id)
        for _ in range(_DELETE_ATTEMPTS - 1):
            if isinstance(refusal, TypeDeletion):
                return refusal
            time.sleep(self._settle_seconds)
            refusal = self._try_delete(type_id)
        if isinstance(refusal, TypeDeletion):
            return refusal
        if self.has_devices(type_id):
            return TypeDeletion.IN_USE
        raise ApiError(
            f"{refusal}; no device of it is listed: it may have interfaces, or devices that this "
            "API key may not see",
            status=refusal.status,
            detail=refusal.detail,
        )

    def has_devices(self, type_id: str) -> bool:
        """Tell whether a type has at least one device; costs one call."""
        paged = self._lists.open((*_TYPES, type_id, "devices"), {"_limit": "1"})
        try:
            page = paged.only_page()
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return bool(page.rows or page.total)

    def add_devices(self, items: Sequence[bytes]) -> list[ItemResult]:
        """Register devices in one request (page 4.2), judged one by one, in the order given.

        ``items`` are encoded bodies, at least one, each device once, within the size limit.
        """
        answer = self._transport.post(
            ("bulk", "devices", "add"), join_batch(items), secrets=read_secrets(items)
        )
        mask = self._transport.mask.adding(read_secrets(items))
        return match_items(answer.body, read_keys(items), mask)

    def remove_devices(self, keys: Sequence[DeviceKey]) -> list[ItemResult]:
        """Remove devices in one request (page 4.3), judged one by one, in the order given.

        The platform calls it a success for devices that never were, or that may not be seen.
        """
        content = join_batch(encode_item(remove_body(key)) for key in keys)
        answer = self._transport.post(("bulk", "devices", "remove"), content)
        return match_items(answer.body, keys, self._transport.mask)

    def update_device(self, key: DeviceKey, body: JSONObject) -> LiveDevice:
        """Change a device; give what the org then has (page 5.4)."""
        answer = self._transport.put(device_path(key), encode_item(dict(body)))
        return _read_back(parse_device, answer)

    def put_location(self, key: DeviceKey, location: Location) -> Location:
        """Set the whole location of a device; give what the org then has (page 5.6)."""
        content = encode_item(location_body(location))
        answer = self._transport.put((*device_path(key), "location"), content)
        return _read_back(parse_location, answer)

    def _try_delete(self, type_id: str) -> TypeDeletion | ApiError:
        try:
            self._transport.delete((*_TYPES, type_id))
        except ApiError as error:
            if error.status == 404:
                return TypeDeletion.ABSENT
            if error.status in {400, 409}:
                return error
            raise
        return TypeDeletion.DELETED


def _read_back(parse: Callable[[JSON], T], answer: Answer) -> T:
    """Read what a write answered; if that makes no sense, nobody knows what was done."""
    try:
        return parse(answer.body)
    except ApiError as error:
        reason = str(error)
    raise OutcomeUnknownError(f"{reason}; the change may have been carried out or not")
