"""Call an emulated org by method, path and JSON, without a socket."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import requests
from requests.adapters import HTTPAdapter

from fleetsync.emulator.app import make_app
from fleetsync.emulator.inprocess import InProcessAdapter
from fleetsync.emulator.running import run_emulator

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
        self.session = session
        self.root = root

    def __call__(self, method: str, path: str, body: object = None, **more: Any) -> Reply:
        answer = self.send(method, path, body, **more)
        return Reply(answer.status_code, answer.json() if answer.content else None)

    def send(self, method: str, path: str, body: object = None, **more: Any) -> requests.Response:
        """Send one request and return the answer as it came."""
        if body is not None:
            more["json"] = body
        return self.session.request(method, f"{self.root}{path}", **{"timeout": 5, **more})

    def over_http(self, url: str) -> Caller:
        """Return a caller of the emulator at an address, in the same session."""
        self.session.mount(url, HTTPAdapter())
        return Caller(self.session, f"{url}/api/v0002")

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


@pytest.fixture(params=["in the process", "over HTTP"])
def door(request: pytest.FixtureRequest, org_state: OrgState) -> Iterator[Caller]:
    """The API of ``org_state`` through each of its two doors; an answer may take 5 seconds."""
    with ExitStack() as stack:
        session = stack.enter_context(requests.Session())
        session.trust_env = False
        session.auth = ("a-embedded-key", "api-token")
        root = "http://inside"
        if request.param == "over HTTP":
            root = stack.enter_context(run_emulator(org_state)).url
        else:
            session.mount("http://", InProcessAdapter(make_app(org_state)))
        yield Caller(session, f"{root}/api/v0002")
