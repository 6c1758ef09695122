"""Put a front that lies, forgets and breaks off before the emulated org, over real HTTP."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from fleetsync.api.connection import Connection
from fleetsync.api.retry import RetryPolicy
from fleetsync.api.transport import Transport
from fleetsync.apply import Hands, Outcome, apply_plan
from fleetsync.emulator.app import make_app
from fleetsync.emulator.running import Emulator
from fleetsync.emulator.state import OrgState
from fleetsync.emulator.switches import Switches
from fleetsync.errors import FleetsyncError
from fleetsync.model import DeviceKey
from fleetsync.plan import Plan
from fleetsync.tokens.file import TokenFile
from tests.api.hostile import Asked, Hangup, HostileServer, Stream, reply
from tests.world import KEY, World, begin_journal, make_hands

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

HASTY = RetryPolicy(budget=0.02, first_contact=0.02, first_delay=0.005, longest_delay=0.01)
ANSWERS = bytes | Hangup | Stream
Forward = Callable[[], bytes]
Twist = Callable[[Asked, Forward], "ANSWERS | None"]
"""Answers a request in its own way, or gives None; calling ``forward`` lets the org act."""


class Front(World):
    """A world whose org stands behind twists; ``asked`` holds what came, ``hands`` the last run.

    ``age`` is how long ago, in seconds, a run takes the org to have been read, ``named`` whom it
    may delete although they are connected.
    """

    def __init__(self, folder: Path, state: OrgState) -> None:
        self.twists: list[Twist] = []
        self._app = make_app(state)
        self._server = HostileServer(self._answer)
        self.hands: Hands | None = None
        self.age = 0.0
        self.named: frozenset[DeviceKey] | None = None
        super().__init__(folder, Emulator(state, self._server.url))

    def __enter__(self) -> Front:
        self._server.__enter__()
        self.org = self.org._replace(url=self._server.url)  # now that it has a port
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__(None, None, None)

    @property
    def asked(self) -> list[Asked]:
        return self._server.asked

    def writes(self) -> list[str]:
        return [f"{a.method} {a.path}" for a in self.asked if a.method != "GET"]

    def connection(self) -> Connection:
        return Connection(
            base_url=self.org.url, credentials=KEY, calls_per_second=10_000, retry=HASTY
        )

    def run(self, plan: Plan | None = None, stop_after: int | None = None) -> list[Outcome]:
        """Apply, and give the outcomes even if an error ended the run (see ``fatal``)."""
        plan = plan or self.plan()
        with (
            Transport(self.connection()) as transport,
            TokenFile.open(self.secrets, org=plan.org) as tokens,
            begin_journal(self.folder, plan, platform_tokens=self.platform_tokens) as journal,
        ):
            self.hands = make_hands(transport, tokens, journal, plan)
            self.hands.platform_tokens = self.platform_tokens
            self.hands.age = lambda: self.age
            self.hands.named = self.named
            outcomes = []
            for outcome in apply_plan(plan, self.hands):
                outcomes.append(outcome)
                if len(outcomes) == stop_after:
                    self.hands.stop.set()
            tokens.settle()
        return outcomes

    @property
    def fatal(self) -> FleetsyncError | None:
        return self.hands.fatal if self.hands else None

    def _answer(self, asked: Asked) -> ANSWERS:
        for twist in self.twists:
            answer = twist(asked, lambda: self._forward(asked))
            if answer is not None:
                return answer
        return self._forward(asked)

    def _forward(self, asked: Asked) -> bytes:
        status: list[str] = []

        def start_response(line: str, _headers: object, _error: object = None, /) -> Any:
            status.append(line)

        body = b"".join(self._app(_environ(asked), start_response))
        return reply(int(status[0][:3]), body, Content_Type="application/json")


def _environ(asked: Asked) -> WSGIEnvironment:
    return {
        "REQUEST_METHOD": asked.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": f"/api/v0002{unquote(asked.path)}",
        "QUERY_STRING": urlencode(asked.params),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(asked.content)),
        "HTTP_AUTHORIZATION": asked.headers.get("authorization", ""),
        "wsgi.input": io.BytesIO(asked.content),
        "wsgi.url_scheme": "http",
    }


@contextmanager
def open_front(folder: Path, switches: Switches | None = None) -> Iterator[Front]:
    with ExitStack() as stack:
        state = stack.enter_context(OrgState.open(None, switches=switches))
        yield stack.enter_context(Front(folder, state))


def on(call: str, answer: ANSWERS, times: int = 1_000_000) -> Twist:
    """Answer so, without the org, to the first calls such as ``PUT /device/types/pump``."""
    left = [times]

    def twist(asked: Asked, _forward: Forward) -> ANSWERS | None:
        if f"{asked.method} {asked.path}" != call or not left[0]:
            return None
        left[0] -= 1
        return answer

    return twist


def after(call: str, answer: ANSWERS, times: int = 1_000_000) -> Twist:
    """Let the org act, and then answer so all the same."""
    inner = on(call, answer, times)

    def twist(asked: Asked, forward: Forward) -> ANSWERS | None:
        given = inner(asked, forward)
        if given is not None:
            forward()
        return given

    return twist


def altered(call: str, change: Callable[[Any], Any], times: int = 1_000_000) -> Twist:
    """Let the org act, and alter the JSON of its answer."""
    inner = on(call, b"", times)

    def twist(asked: Asked, forward: Forward) -> ANSWERS | None:
        if inner(asked, forward) is None:
            return None
        head, _, body = forward().partition(b"\r\n\r\n")
        return reply(int(head.split()[1]), change(json.loads(body)))

    return twist


def refusal(status: int, words: str = "EMU9999E: no", **headers: str) -> bytes:
    return reply(status, {"message": words, "exception": {"id": "EMU9999E"}}, **headers)


def ends(outcomes: list[Outcome]) -> dict[str, str]:
    """Give the end of each change by its name, with the reason behind a colon."""
    return {
        o.change.name: f"{o.status.value}: {o.reason}" if o.reason else o.status.value
        for o in outcomes
    }
