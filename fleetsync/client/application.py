"""Hold one connection to the org, and offer its calls, grouped by what they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from fleetsync.api.connection import Connection
from fleetsync.api.paging import ListReader
from fleetsync.api.transport import Transport, ignore_notice
from fleetsync.client.bulk import BulkCalls
from fleetsync.client.connections import ConnectionCalls
from fleetsync.client.device_types import DeviceTypeCalls
from fleetsync.client.devices import DeviceCalls
from fleetsync.client.diagnostics import DiagnosticCalls
from fleetsync.client.location import LocationCalls
from fleetsync.client.management import ManagementCalls
from fleetsync.client.organization import OrganizationCalls

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleetsync.client.options import ApplicationOptions


class ApplicationClient:
    """An application of the org, over HTTP; use it as a context manager, from any thread.

    It asks no more often than the options say, verifies certificates, waits out what passes, and
    sends no write twice unless it surely did not arrive. ``notify`` hears what is waited for. All
    calls raise OrgError: ApiError with the status the org refused with, CredentialsError for a key
    that it does not take, UnreachableError where no answer came, and OutcomeUnknownError where
    nobody knows whether a write was done. An id that cannot be sent is a UsageError.
    """

    def __init__(
        self,
        options: ApplicationOptions | Connection,
        *,
        notify: Callable[[str], None] = ignore_notice,
    ) -> None:
        connection = options if isinstance(options, Connection) else connection_of(options)
        self._transport = Transport(connection, notify=notify)
        lists = ListReader(self._transport)
        self.organization = OrganizationCalls(self._transport)
        self.types = DeviceTypeCalls(self._transport, lists)
        self.devices = DeviceCalls(self._transport, lists)
        self.bulk = BulkCalls(self._transport)
        self.location = LocationCalls(self._transport)
        self.management = ManagementCalls(self._transport)
        self.diagnostics = DiagnosticCalls(self._transport)
        self.connections = ConnectionCalls(self._transport, lists)

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connection_of(options: ApplicationOptions) -> Connection:
    """Say how to reach the org that the options name; UsageError for an address that is unsafe."""
    return Connection(
        base_url=options.url,
        credentials=options.credentials,
        ca_file=options.ca_file,
        calls_per_second=options.calls_per_second,
    )
