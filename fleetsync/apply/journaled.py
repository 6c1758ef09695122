"""Note each writing request in the journal before it is sent, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from fleetsync.api.items import ItemResult, read_keys
from fleetsync.api.transport import Transport
from fleetsync.api.writer import RegistryWriter, TypeDeletion
from fleetsync.errors import ApiError, CredentialsError, FleetsyncError, OutcomeUnknownError
from fleetsync.journal.entry import Answer, Deed, Ending, Name
from fleetsync.journal.file import Journal
from fleetsync.model import DeviceKey, JSONObject, LiveDevice, LiveDeviceType, Location

T = TypeVar("T")

Verdict = Callable[[T], tuple[Sequence[Name], Sequence[Name]]]
"""What an answer says of the items: which failed, and of which it does not tell."""


class JournaledWriter(RegistryWriter):
    """Changes the org like its base, and leaves a trace of each request.

    Raises JournalError, with nothing sent, if the request cannot be noted.
    """

    def __init__(
        self, transport: Transport, journal: Journal, *, settle_seconds: float = 1.0
    ) -> None:
        super().__init__(transport, settle_seconds=settle_seconds)
        self._journal = journal

    def add_device_type(self, body: JSONObject) -> LiveDeviceType:
        """Create a type, noted."""
        act, base = Deed.CREATE_TYPE, super().add_device_type
        return self._noted(act, [(str(body["id"]), None)], lambda: base(body))

    def update_device_type(self, type_id: str, body: JSONObject) -> LiveDeviceType:
        """Change a type, noted."""
        act, base = Deed.UPDATE_TYPE, super().update_device_type
        return self._noted(act, [(type_id, None)], lambda: base(type_id, body))

    def delete_device_type(self, type_id: str) -> TypeDeletion:
        """Delete a type, noted."""
        act, base, names = Deed.DELETE_TYPE, super().delete_device_type, [(type_id, None)]
        return self._noted(
            act,
            names,
            lambda: base(type_id),
            lambda ended: ((), ()) if ended is TypeDeletion.DELETED else (names, ()),
        )

    def add_devices(
        self,
        items: Sequence[bytes],
        ready: Callable[[], None] = lambda: None,
        known: Sequence[Name] = (),
    ) -> list[ItemResult]:
        """Register devices, noted; ``ready`` is called once it is noted, and may still stop it."""
        keys = read_keys(items)
        number = self._journal.begin(Deed.CREATE_DEVICES, keys, known)
        add = super().add_devices

        def send() -> list[ItemResult]:
            ready()
            return add(items)

        return self._told(number, send, _judge_items)

    def remove_devices(self, keys: Sequence[DeviceKey]) -> list[ItemResult]:
        """Remove devices, noted."""
        act, base = Deed.DELETE_DEVICES, super().remove_devices
        return self._noted(act, keys, lambda: base(keys), _judge_items)

    def update_device(self, key: DeviceKey, body: JSONObject) -> LiveDevice:
        """Change a device, noted."""
        act, base = Deed.UPDATE_DEVICE, super().update_device
        return self._noted(act, [key], lambda: base(key, body))

    def put_location(self, key: DeviceKey, location: Location) -> Location:
        """Set the location of a device, noted."""
        act, base = Deed.PUT_LOCATION, super().put_location
        return self._noted(act, [key], lambda: base(key, location))

    def _noted(
        self,
        deed: Deed,
        names: Sequence[Name],
        send: Callable[[], T],
        verdict: Verdict[T] = lambda _: ((), ()),
    ) -> T:
        return self._told(self._journal.begin(deed, names), send, verdict)

    def _told(self, number: int, send: Callable[[], T], verdict: Verdict[T]) -> T:
        try:
            answer = send()
        except FleetsyncError as error:
            self._journal.end(Answer(number, _ending(error), words=str(error)))
            raise
        failed, untold = verdict(answer)
        self._journal.end(Answer(number, Ending.ANSWERED, tuple(failed), tuple(untold)))
        return answer


def _judge_items(results: list[ItemResult]) -> tuple[Sequence[Name], Sequence[Name]]:
    failed = [result.key for result in results if result.success is False]
    return failed, [result.key for result in results if result.success is None]


def _ending(error: FleetsyncError) -> Ending:
    if isinstance(error, OutcomeUnknownError):
        return Ending.UNKNOWN
    refused = isinstance(error, (ApiError, CredentialsError))
    return Ending.REFUSED if refused else Ending.UNSENT
