"""An org with two API keys: one may read, the other may change things as well."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import requests

from fleetsync.emulator.app import make_app
from fleetsync.emulator.behaviour import parse_behaviour
from fleetsync.emulator.server import Server
from fleetsync.emulator.state import OrgState

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Key(NamedTuple):
    """An API key and its token."""

    key: str
    token: str


READER = Key("a-embedded-reads0nly0", "Rd-t0ken+of(the)reader")
WRITER = Key("a-embedded-may4write0", "Wr-t0ken+of(the)writer")


class Org(NamedTuple):
    """What the org holds, and where it answers."""

    state: OrgState
    url: str

    @property
    def writes(self) -> list[str]:
        """The calls that changed something, or tried to."""
        return [call for call in self.state.calls if not call.startswith("GET")]

    def send(self, method: str, path: str, body: object) -> None:
        """Change the org as somebody does who does not know of git."""
        url = f"{self.url}/api/v0002{path}"
        requests.request(method, url, json=body, auth=WRITER, timeout=30).raise_for_status()

    def ask(self, path: str) -> Any:
        """Look at something in the org."""
        answer = requests.get(f"{self.url}/api/v0002{path}", auth=WRITER, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def misbehave(self, *faults: str) -> None:
        """Let the org fail on purpose from now on."""
        self.state.faults = parse_behaviour(faults).faults


@contextmanager
def run_org() -> Iterator[Org]:
    with OrgState.open(None) as state:
        app = _reads_only(make_app(state, dict([READER, WRITER])))
        with Server(app, "127.0.0.1", 0) as server:
            yield Org(state, server.url)


def _reads_only(app: WSGIApplication) -> WSGIApplication:
    """Refuse what the reader has no role for; the emulator itself knows no roles."""
    header = "Basic " + base64.b64encode(":".join(READER).encode()).decode()

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET" and environ.get("HTTP_AUTHORIZATION") == header:
            start_response("403 Forbidden", [("Content-Type", "application/json")])
            return [b'{"message": "The role of this key does not allow that."}']
        return app(environ, start_response)

    return guarded
