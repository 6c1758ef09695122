"""Read, add and clear the diagnostic logs and error codes of a device."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fleetsync.api.registry import device_path
from fleetsync.client.answer import device_key, encoded, known, read_object, read_objects

if TYPE_CHECKING:
    from fleetsync.api.transport import Transport
    from fleetsync.client.records import DiagnosticLog, ErrorCode, Object


class DiagnosticCalls:
    """The calls on diagnostics (platform page 6.1 and 6.2).

    What is written here is seen some 5 to 10 seconds later, and kept for 7 days at most.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get_all_diagnostic_logs(self, type_id: str, device_id: str) -> list[DiagnosticLog]:
        """Read the diagnostic log, the newest first: ``GET .../diag/logs``.

        Statuses: 200; 401, 403, 404 no such device, 500.
        """
        answer = self._transport.get(_logs(type_id, device_id))
        return cast("list[DiagnosticLog]", read_objects(answer, "the diagnostic log"))

    def clear_all_diagnostic_logs(self, type_id: str, device_id: str) -> None:
        """Delete the whole diagnostic log, for good: ``DELETE .../diag/logs``.

        Statuses: 204; 401, 403, 404 no such device, 500.
        """
        self._transport.delete(_logs(type_id, device_id))

    def add_diagnostic_log(self, type_id: str, device_id: str, log: DiagnosticLog | Object) -> None:
        """Add one entry: ``POST .../diag/logs``; older ones may be dropped for it.

        ``message`` is needed; ``severity`` is 0, 1 or 2 (information, warning, error), ``data`` a
        text (base64, say the documents), ``timestamp`` has at most milliseconds, the present if
        it is left out. Statuses: 201; 400 bad value, 401, 403, 404 no such device, 500.
        """
        self._transport.post(_logs(type_id, device_id), encoded(known(log)))

    def get_diagnostic_log(self, type_id: str, device_id: str, log_id: str) -> DiagnosticLog:
        """Read one entry: ``GET .../diag/logs/{logId}``.

        Statuses: 200; 401, 403, 404 no such entry or device, 500.
        """
        answer = self._transport.get((*_logs(type_id, device_id), log_id))
        return cast("DiagnosticLog", read_object(answer, "a diagnostic log entry"))

    def delete_diagnostic_log(self, type_id: str, device_id: str, log_id: str) -> None:
        """Delete one entry: ``DELETE .../diag/logs/{logId}``.

        Statuses: 204; 401, 403, 404 no such entry or device, 500.
        """
        self._transport.delete((*_logs(type_id, device_id), log_id))

    def get_all_diagnostic_error_codes(self, type_id: str, device_id: str) -> list[ErrorCode]:
        """Read the error codes, the newest first: ``GET .../diag/errorCodes``.

        Statuses: 200; 401, 403, 404 no such device, 500.
        """
        answer = self._transport.get(_codes(type_id, device_id))
        return cast("list[ErrorCode]", read_objects(answer, "the error codes"))

    def clear_all_error_codes(self, type_id: str, device_id: str) -> None:
        """Delete all error codes: ``DELETE .../diag/errorCodes``.

        The list is empty then; that a code 0 takes their place, as the guide says, no client has
        seen. Statuses: 204; 401, 403, 404 no such device, 500.
        """
        self._transport.delete(_codes(type_id, device_id))

    def add_error_code(self, type_id: str, device_id: str, error_code: ErrorCode | Object) -> None:
        """Add one code: ``POST .../diag/errorCodes``; older ones may be dropped for it.

        ``errorCode`` is a whole number and needed, ``timestamp`` as for a log. Statuses: 201; 400
        bad value, 401, 403, 404 no such device, 500.
        """
        self._transport.post(_codes(type_id, device_id), encoded(known(error_code)))


def _logs(type_id: str, device_id: str) -> tuple[str, ...]:
    return (*device_path(device_key(type_id, device_id)), "diag", "logs")


def _codes(type_id: str, device_id: str) -> tuple[str, ...]:
    return (*device_path(device_key(type_id, device_id)), "diag", "errorCodes")
