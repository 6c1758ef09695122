"""The parts of GitHub's and GitLab's REST APIs that fleetsync asks, in memory, over real HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "ghs_the0token1of2a3job4"
BOT = "github-actions[bot]"
LONGEST_BODY = 65_536
Item = dict[str, Any]


class Forge:
    """What the forge holds.

    ``faults`` are the next answers: before it acts, after it did, or with a body of their own.
    A status of 0 is a connection that breaks off.
    """

    def __init__(self) -> None:
        self.comments: list[Any] = []
        self.ids = 99
        self.pulls: list[Item] = []
        self.merges: dict[str, int] = {}
        self.merged_into = "main"
        self.runs: list[Item] = []
        self.faults: list[tuple[str, int]] = []
        self.asked: list[str] = []
        self.used_up = False
        self.longest = LONGEST_BODY
        self.headers: dict[str, str] = {}
        self.meanwhile: Callable[[], object] | None = None
        """What somebody else does between the next list of comments and its answer."""
        self.page_size = 100
        self.url = ""

    def say(self, body: str, login: str = BOT) -> Item:
        """Add a comment of somebody."""
        self.ids += 1
        signed = {"user": {"login": login}, "author": {"username": login}}
        comment = {"id": self.ids, "body": body, **signed}
        self.comments.append(comment)
        return comment

    def run_well(self, sha: str, event: str = "push", repository: str = "fleets/emea") -> None:
        """End a run of the workflow that applies."""
        run = {"head_sha": sha, "event": event, "head_repository": {"full_name": repository}}
        self.runs.append(run)

    def faulty_answer(self, method: str, path: str, body: Item) -> tuple[int, object]:
        when, status = self.faults.pop(0) if self.faults else ("", 0)
        if when == "before":
            return status, {"message": "not now"}
        if when not in {"", "after"}:
            return status, when
        done = self.answer(method, path, body)
        return (status, {"message": "lost"}) if when == "after" else done

    def page(self, items: list[Any], query: dict[str, list[str]]) -> tuple[list[Any], bool]:
        """Give a page of a list, and whether there are more."""
        size = min(int(query["per_page"][0]), self.page_size)
        start = size * (int(query["page"][0]) - 1)
        return items[start : start + size], start + size < len(items)

    def answer(self, method: str, path: str, body: Item) -> tuple[int, object]:
        if len(str(body.get("body", ""))) > self.longest:
            causes = [{"message": f"Body is too long (maximum is {self.longest} characters)"}]
            return 422, {"message": "Validation Failed", "errors": causes}
        for pattern, act in _ROUTES[method].items():
            if found := re.fullmatch(pattern, path):
                return act(self, body, *found.groups())
        return 404, {"message": "Not Found"}


def _comments(forge: Forge, body: Item, *_: str) -> tuple[int, object]:
    found = [*forge.comments]
    act, forge.meanwhile = forge.meanwhile, None
    if act is not None:
        act()
    return 200, found


def _comment(forge: Forge, body: Item, *_: str) -> tuple[int, object]:
    return 201, forge.say(body["body"])


def _edit_comment(forge: Forge, body: Item, *names: str) -> tuple[int, object]:
    for found in forge.comments:
        if found["id"] == int(names[-1]):
            found.update(body)
            return 200, found
    return 404, {"message": "Not Found"}


def _delete_comment(forge: Forge, body: Item, *names: str) -> tuple[int, object]:
    kept = [each for each in forge.comments if each["id"] != int(names[-1])]
    gone = len(kept) < len(forge.comments)
    forge.comments[:] = kept
    return (204, None) if gone else (404, {"message": "Not Found"})


def _user(forge: Forge, body: Item) -> tuple[int, object]:
    return 200, {"username": BOT}


def _repository(forge: Forge, body: Item) -> tuple[int, object]:
    return 200, {"default_branch": "main"}


def _pulls_of_commit(forge: Forge, body: Item, sha: str) -> tuple[int, object]:
    if sha not in forge.merges:
        return 200, []
    into = {"ref": forge.merged_into, "repo": {"full_name": "fleets/emea"}}
    merged = {"merged_at": "2026-11-23T10:00:00Z", "merge_commit_sha": sha, "base": into}
    return 200, [{"number": forge.merges[sha], **merged}]


def _runs(forge: Forge, body: Item, *_: str) -> tuple[int, object]:
    return 200, {"workflow_runs": [*reversed(forge.runs)]}


def _pulls(forge: Forge, body: Item) -> tuple[int, object]:
    return 200, [each for each in forge.pulls if each["state"] == "open"]


def _open_pull(forge: Forge, body: Item) -> tuple[int, object]:
    forge.pulls.append({"number": 20 + len(forge.pulls), "state": "open", **body})
    return 201, forge.pulls[-1]


def _edit_pull(forge: Forge, body: Item, number: str) -> tuple[int, object]:
    found = next(each for each in forge.pulls if each["number"] == int(number))
    found |= body
    return 200, found


_REPO = r"/repos/[\w.-]+/[\w.-]+"
_NOTES = r"/projects/(\d+)/merge_requests/(\d+)/notes"
_ROUTES: dict[str, dict[str, Callable[..., tuple[int, object]]]] = {
    "GET": {
        _REPO: _repository,
        rf"{_REPO}/issues/(\d+)/comments": _comments,
        rf"{_REPO}/commits/(\w+)/pulls": _pulls_of_commit,
        rf"{_REPO}/pulls": _pulls,
        rf"{_REPO}/actions/workflows/apply.yml/runs": _runs,
        _NOTES: _comments,
        "/user": _user,
    },
    "POST": {
        rf"{_REPO}/issues/(\d+)/comments": _comment,
        rf"{_REPO}/pulls": _open_pull,
        _NOTES: _comment,
    },
    "PATCH": {
        rf"{_REPO}/issues/comments/(\d+)": _edit_comment,
        rf"{_REPO}/pulls/(\d+)": _edit_pull,
    },
    "PUT": {rf"{_NOTES}/(\d+)": _edit_comment},
    "DELETE": {
        rf"{_REPO}/issues/comments/(\d+)": _delete_comment,
        rf"{_NOTES}/(\d+)": _delete_comment,
    },
}


@contextmanager
def run_forge() -> Iterator[Forge]:
    forge = Forge()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size) or b"{}")
            url = urlsplit(self.path)
            forge.asked.append(f"{self.command} {url.path}")
            status, value = self._result(url.path, body)
            if status:
                self._send(status, value, parse_qs(url.query))
            else:
                self.close_connection = True

        def _result(self, path: str, body: Item) -> tuple[int, object]:
            names = (self.headers.get("Authorization"), self.headers.get("PRIVATE-TOKEN"))
            if f"Bearer {TOKEN}" not in names and TOKEN not in names:
                return 401, {"message": "Bad credentials"}
            return forge.faulty_answer(self.command, path, body)

        def _send(self, status: int, value: object, query: dict[str, list[str]]) -> None:
            more = False
            if isinstance(value, list):
                value, more = forge.page(value, query)
            data = value.encode() if isinstance(value, str) else json.dumps(value).encode()
            data = b"" if status == 204 else data
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("X-RateLimit-Remaining", "0" if forge.used_up else "4999")
            link = {"Link": f'<{forge.url}/next>; rel="next"'} if more else {}
            for name, text in {**link, **forge.headers}.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        forge.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield forge
        finally:
            server.shutdown()
