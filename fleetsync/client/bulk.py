"""Add and delete many devices in one request; the status alone is never taken for success."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.api.body import remove_body
from fleetsync.api.items import match_items, read_secrets
from fleetsync.batch import MAX_REQUEST_BYTES, encode_item, join_batch
from fleetsync.client.answer import device_key, encoded, known
from fleetsync.errors import PartlyDoneError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleetsync.api.answer import Answer
    from fleetsync.api.items import ItemResult
    from fleetsync.api.masking import Mask
    from fleetsync.api.transport import Transport
    from fleetsync.client.records import NewDevices, Object
    from fleetsync.model.key import DeviceKey

_NAMED = 3  # failed devices that an error names


class BulkCalls:
    """The calls on many devices at once (platform page 4.2 and 4.3); one request a call."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def add_multiple_devices(self, devices: NewDevices) -> list[ItemResult]:
        """Add devices: ``POST /bulk/devices/add`` (page 4.2).

        Gives one result a device, in the order asked, each with its token, which the platform shows
        here alone: if the answer is lost (OutcomeUnknownError), so are tokens that the platform
        made. If any device was not added, PartlyDoneError is raised, whose ``results`` tell of each
        device: those that were added are there, with their tokens. At most 512,000 bytes a request,
        else UsageError. Statuses: 201 all, 202 not all; 400 bad request, 401, 403 role or quota,
        413 too large, 500.
        """
        keys = _keys(devices)
        if not keys:
            return []
        items = [encoded(known(device)) for device in devices]
        answer = self._post("add", items, read_secrets(items))
        mask = self._transport.mask.adding(read_secrets(items))
        return _judged(answer, keys, mask, done="added")

    def delete_multiple_devices(self, devices: NewDevices) -> list[ItemResult]:
        """Delete devices, named by ``typeId`` and ``deviceId``: ``POST /bulk/devices/remove``.

        A device that is not there, or may not be seen, counts as deleted (page 4.3): success proves
        nothing of it. If any device was not deleted, PartlyDoneError is raised. Statuses: 202, 200
        or 201 whatever the items say; 400, 401, 403, 413, 500.
        """
        keys = _keys(devices)
        if not keys:
            return []
        answer = self._post("remove", [encode_item(remove_body(key)) for key in keys], ())
        return _judged(answer, keys, self._transport.mask, done="deleted")

    def _post(self, what: str, items: Sequence[bytes], secrets: Iterable[str]) -> Answer:
        content = join_batch(items)
        if len(content) > MAX_REQUEST_BYTES:
            raise UsageError(
                f"{len(content):,} bytes are more than one request may have "
                f"({MAX_REQUEST_BYTES:,}): split the devices over several calls"
            )
        return self._transport.post(("bulk", "devices", what), content, secrets=secrets)


def _keys(devices: NewDevices) -> list[DeviceKey]:
    """Give the key of each device; UsageError where one is missing, or a device comes twice."""
    keys: dict[DeviceKey, None] = {}
    for number, device in enumerate(devices):
        key = _key(device, number)
        if key in keys:
            raise UsageError(f"{key} is named twice: what the platform makes of that is not known")
        keys[key] = None
    return list(keys)


def _key(device: Object, number: int) -> DeviceKey:
    type_id, device_id = device.get("typeId"), device.get("deviceId")
    if not (type_id and device_id):
        raise UsageError(f"device number {number} needs both a typeId and a deviceId")
    return device_key(type_id, device_id)


def _judged(
    answer: Answer, keys: Sequence[DeviceKey], mask: Mask, *, done: str
) -> list[ItemResult]:
    results = match_items(answer.body, keys, mask)
    failed = [result for result in results if result.success is not True]
    if not failed:
        return results
    tokens = [result.token.reveal() for result in results if result.token is not None]
    names = ", ".join(
        f"{mask.show(str(result.key))}{f' ({result.detail})' if result.detail else ''}"
        for result in failed[:_NAMED]
    )
    more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
    raise PartlyDoneError(
        f"{len(failed)} of {len(results)} devices were not {done}, or nobody knows: {names}{more}",
        http_code=answer.status,
        response=mask.adding(tokens).hide_in(answer.body),
        results=results,
    )
