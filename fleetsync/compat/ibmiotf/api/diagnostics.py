"""The calls on diagnostics and connection logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleetsync.compat.ibmiotf.errors import as_before

if TYPE_CHECKING:
    from fleetsync.client import ApplicationClient
    from fleetsync.compat.ibmiotf.api.arguments import Object


class DiagnosticCalls:
    """Device diagnostic operations."""

    _client: ApplicationClient

    @as_before
    def getAllDiagnosticLogs(self, typeId: str, deviceId: str) -> list[Any]:
        """Give the diagnostic log, the newest entry first: 200."""
        return [*self._client.diagnostics.get_all_diagnostic_logs(typeId, deviceId)]

    @as_before
    def clearAllDiagnosticLogs(self, typeId: str, deviceId: str) -> bool:
        """Delete the diagnostic log: 204."""
        self._client.diagnostics.clear_all_diagnostic_logs(typeId, deviceId)
        return True

    @as_before
    def addDiagnosticLog(self, typeId: str, deviceId: str, logs: Object) -> bool:
        """Add one entry to the diagnostic log: 201."""
        self._client.diagnostics.add_diagnostic_log(typeId, deviceId, logs)
        return True

    @as_before
    def getDiagnosticLog(self, typeId: str, deviceId: str, logId: str) -> Any:
        """Give one entry of the diagnostic log: 200."""
        return self._client.diagnostics.get_diagnostic_log(typeId, deviceId, logId)

    @as_before
    def deleteDiagnosticLog(self, typeId: str, deviceId: str, logId: str) -> bool:
        """Delete one entry of the diagnostic log, as the guide names it: 204."""
        self._client.diagnostics.delete_diagnostic_log(typeId, deviceId, logId)
        return True

    clearDiagnosticLog = deleteDiagnosticLog
    """What the code named it."""

    @as_before
    def getAllDiagnosticErrorCodes(self, typeId: str, deviceId: str) -> list[Any]:
        """Give the error codes, the newest first: 200."""
        return [*self._client.diagnostics.get_all_diagnostic_error_codes(typeId, deviceId)]

    @as_before
    def clearAllErrorCodes(self, typeId: str, deviceId: str) -> bool:
        """Delete the error codes: 204."""
        self._client.diagnostics.clear_all_error_codes(typeId, deviceId)
        return True

    @as_before
    def addErrorCode(self, typeId: str, deviceId: str, errorCode: Object) -> bool:
        """Add one error code: 201."""
        self._client.diagnostics.add_error_code(typeId, deviceId, errorCode)
        return True


class ConnectionCalls:
    """Connection problem determination."""

    _client: ApplicationClient

    @as_before
    def getDeviceConnectionLogs(self, typeId: str, deviceId: str) -> list[Any]:
        """Give the connection log of a device, the newest entry first: 200."""
        return [*self._client.connections.get_device_connection_logs(typeId, deviceId)]

    @as_before
    def getConnectionLogs(self, parameters: Object) -> list[Any]:
        """Give it as later versions did: ``typeId`` and ``deviceId`` are among the parameters."""
        rest = dict(parameters)
        key = (rest.pop("typeId", ""), rest.pop("deviceId", ""))
        return [*self._client.connections.get_device_connection_logs(*key, rest)]
