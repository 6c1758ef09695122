"""Call an emulated org by method, path and JSON, without a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import requests

from fleetsync.emulator.app import make_app
from fleetsync.emulator.inprocess import InProcessAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleetsync.emulator.state import OrgState


class Reply(NamedTuple):
    """A status and the parsed body; no body at all is None."""

    status: int
    body: Any


class Caller:
    """Send JSON to the API of an org."""

    def __init__(self, session: requests.Session, root: str) -> None:
        self._session = session
        self._root = root

    def __call__(self, method: str, path: str, body: object = None, **more: Any) -> Reply:
        if body is not None:
            more["json"] = body
        answer = self._session.request(method, f"{self._root}{path}", **more)
        return Reply(answer.status_code, answer.json() if answer.content else None)

    def add_type(self, type_id: str, **more: object) -> None:
        """Create a device type."""
        assert self("POST", "/device/types", {"id": type_id, **more}).status == 201

    def add_device(self, type_id: str, device_id: str, **more: object) -> dict[str, Any]:
        """Add one device and return the answer."""
        path = f"/device/types/{type_id}/devices"
        status, body = self("POST", path, {"deviceId": device_id, **more})
        assert status == 201
        assert isinstance(body, dict)
        return body

    def ids(self, path: str) -> list[str]:
        """List one page and return its ids as ``type/device``."""
        status, body = self("GET", path)
        assert status == 200
        return [f"{item['typeId']}/{item['deviceId']}" for item in body["results"]]


@pytest.fixture
def call(org_state: OrgState) -> Iterator[Caller]:
    """The API of ``org_state``; the API key is ``a-embedded-key``."""
    with requests.Session() as session:
        session.trust_env = False
        session.auth = ("a-embedded-key", "api-token")
        session.mount("http://", InProcessAdapter(make_app(org_state)))
        yield Caller(session, "http://emulator/api/v0002")
