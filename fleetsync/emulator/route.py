"""Find the call that a method and a path name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from fleetsync.emulator import call
from fleetsync.emulator.refusal import RefusalError, not_found

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleetsync.emulator.message import Answer, Request
    from fleetsync.emulator.turn import Turn

API_ROOT = "/api/v0002"


@dataclass(frozen=True)
class Route:
    """One call of the API; ``is_bulk`` ones have the size limit of platform page 4.2."""

    method: str
    template: str
    answer: Callable[[Turn, Request], Answer]
    is_bulk: bool = False

    @property
    def name(self) -> str:
        """Return the call as counts name it, like ``GET /device/types/{typeId}``."""
        return f"{self.method} {self.template}"

    @property
    def is_writing(self) -> bool:
        """Tell whether the call may change the org."""
        return self.method != "GET"

    @property
    def has_body(self) -> bool:
        """Tell whether the call reads a JSON body."""
        return self.method in {"POST", "PUT"}

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return what the path must match; a slash at the end is tolerated (page 1.1)."""
        path = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.template.rstrip("/"))
        return re.compile(f"{path}/?")


_METHODS = frozenset({"GET", "POST", "PUT", "DELETE"})

_TYPE = "/device/types/{typeId}"
_DEVICE = f"{_TYPE}/devices/{{deviceId}}"

# Group calls share the prefix /bulk/devices (trap 31 of the platform page); none of them is here,
# and the literal paths come first in any case.
ROUTES = (
    Route("GET", "/", call.get_organization),
    Route("GET", "/bulk/devices", call.list_devices),
    Route("POST", "/bulk/devices/add", call.post_bulk_add, is_bulk=True),
    Route("POST", "/bulk/devices/remove", call.post_bulk_remove, is_bulk=True),
    Route("GET", "/device/types", call.list_types),
    Route("POST", "/device/types", call.post_type),
    Route("GET", _TYPE, call.get_type),
    Route("PUT", _TYPE, call.put_type),
    Route("DELETE", _TYPE, call.delete_type),
    Route("GET", f"{_TYPE}/devices", call.list_devices_of_type),
    Route("POST", f"{_TYPE}/devices", call.post_device),
    Route("GET", _DEVICE, call.get_device),
    Route("PUT", _DEVICE, call.put_device),
    Route("DELETE", _DEVICE, call.delete_device),
    Route("GET", f"{_DEVICE}/devices", call.list_devices_of_gateway),
    Route("GET", f"{_DEVICE}/location", call.get_location),
    Route("PUT", f"{_DEVICE}/location", call.put_location),
    Route("GET", f"{_DEVICE}/mgmt", call.get_mgmt),
    Route("GET", f"{_DEVICE}/diag/logs", call.get_logs),
    Route("POST", f"{_DEVICE}/diag/logs", call.post_log),
    Route("DELETE", f"{_DEVICE}/diag/logs", call.delete_logs),
    Route("GET", f"{_DEVICE}/diag/logs/{{logId}}", call.get_log),
    Route("DELETE", f"{_DEVICE}/diag/logs/{{logId}}", call.delete_log),
    Route("GET", f"{_DEVICE}/diag/errorCodes", call.get_codes),
    Route("POST", f"{_DEVICE}/diag/errorCodes", call.post_code),
    Route("DELETE", f"{_DEVICE}/diag/errorCodes", call.delete_codes),
    Route("GET", "/logs/connection", call.get_connection_log),
)


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Return the route and the ids out of the path (below /api/v0002); refuse with 404 or 405."""
    methods = []
    for route in ROUTES:
        match = route.pattern.fullmatch(path)
        if match and route.method == method:
            return route, match.groupdict()
        if match:
            methods.append(route.method)
    if not methods:
        raise not_found()
    raise RefusalError(405, "EMU0405E", f"Allowed here: {', '.join(methods)}.")


def read_path(raw: str) -> str:
    """Return a path as WSGI has it in proper characters (PEP 3333)."""
    return raw.encode("latin-1").decode("utf-8", "replace")


def name_call(method: str, raw: str) -> tuple[str, str] | None:
    """Return the name of a call and its path below /api/v0002; None if it is no call of the API."""
    path = read_path(raw)
    if not (path + "/").startswith(API_ROOT + "/") or method not in _METHODS:
        return None
    below = path.removeprefix(API_ROOT).rstrip("/") or "/"
    try:
        return find_route(method, below)[0].name, below
    except RefusalError:
        return f"{method} (unknown)", below
