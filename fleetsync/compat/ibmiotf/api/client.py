"""Join the calls into the one class that the guide knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleetsync.client import ApplicationClient
from fleetsync.compat.ibmiotf.api.diagnostics import ConnectionCalls, DiagnosticCalls
from fleetsync.compat.ibmiotf.api.registry import (
    BulkCalls,
    DeviceCalls,
    DeviceTypeCalls,
    OrganizationCalls,
)
from fleetsync.compat.ibmiotf.options import checked_options


class ApiClient(
    OrganizationCalls, BulkCalls, DeviceTypeCalls, DeviceCalls, DiagnosticCalls, ConnectionCalls
):
    """The API client of the guide; certificates are always verified.

    Each call gives JSON or True, or raises IoTFCReSTException.
    """

    def __init__(self, options: Mapping[str, Any] | None) -> None:
        self._client = ApplicationClient(checked_options(options))

    def close(self) -> None:
        """Close its connections."""
        self._client.close()
