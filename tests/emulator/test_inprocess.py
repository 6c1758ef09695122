"""The in-process door gives what the server gives."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import requests

from fleetsync.emulator.app import make_app
from fleetsync.emulator.inprocess import InProcessAdapter

if TYPE_CHECKING:
    from fleetsync.emulator.running import Emulator
    from fleetsync.emulator.state import OrgState

CALLS: list[tuple[str, str, str | None]] = [
    ("GET", "/", None),
    ("POST", "/device/types", '{"id": "pump", "description": "P\u00fcmp"}'),
    ("POST", "/device/types", "{}"),
    ("POST", "/device/types", '{"id": "pump"}'),
    ("GET", "/device/types?_limit=1&description=P%C3%BCmp", None),
    ("GET", "/device/types/pump?_expand=a+b", None),
    ("GET", "/nowhere", None),
    ("PUT", "/device/types", ""),
    ("DELETE", "/device/types/pump", None),
]


def test_both_doors_answer_alike(emulator: Emulator, org_state: OrgState) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.auth = ("key", "token")
        session.mount("http://inside", InProcessAdapter(make_app(org_state)))
        for method, path, text in CALLS:
            answers = []
            for root in (emulator.url, "http://inside"):
                raw = None if text is None else text.encode("utf-8")
                answer = session.request(method, f"{root}/api/v0002{path}", data=raw)
                answers.append((
                    answer.status_code,
                    answer.reason,
                    answer.headers.get("Content-Type"),
                    answer.headers.get("Content-Length"),
                    answer.content if method == "GET" else b"",
                ))  # fmt: skip
                if (method, root) == ("POST", emulator.url) and answer.ok:
                    session.delete(f"{root}/api/v0002/device/types/pump")
                if (method, root) == ("DELETE", emulator.url):
                    session.post(f"{root}/api/v0002/device/types", json={"id": "pump"})
            assert answers[0] == answers[1], (method, path)


def test_threads_may_share_an_adapter(org_state: OrgState) -> None:
    adapter = InProcessAdapter(make_app(org_state))
    statuses: list[int] = []

    def create(number: int) -> None:
        with requests.Session() as session:
            session.trust_env = False
            session.auth = ("key", "token")
            session.mount("http://", adapter)
            for step in range(10):
                body = {"id": f"t-{number}-{step}"}
                answer = session.post("http://inside/api/v0002/device/types", json=body)
                statuses.append(answer.status_code)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201] * 40
    assert len(org_state.snapshot()["deviceTypes"]) == 40
