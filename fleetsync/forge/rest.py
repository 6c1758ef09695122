"""Ask the REST API of a forge; what passes is waited out, and what it refuses is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import requests
from requests.auth import AuthBase

from fleetsync.address import url_fault
from fleetsync.errors import ForgeError
from fleetsync.escape import shown
from fleetsync.forge.part import part, text_part

Result = TypeVar("Result")

_TIMEOUT = (10, 30)
_TRIES = 5
_FIRST_WAIT = 1.0
_LONGEST_WAIT = 300.0
"""Seconds; whoever is asked to wait longer had better run the job again."""
_UNSAID_WAIT = 60.0
"""Seconds to wait, as GitHub wants it, where it says that it is too much but not how long."""
_PASSING = frozenset({429, 500, 502, 503, 504})
_NEXT = {
    401: "check the token that the step is given",
    403: "the token must have the rights that examples/ci gives to this job",
    404: "it is not there, or the token may not see it",
}
_PAGE = 100
_MOST_PAGES = 100


class PassingError(ForgeError):
    """It may go away by itself; ``wait`` are the seconds that the forge asked for."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class StatusError(ForgeError):
    """The forge refused, and said by ``status`` why."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _Header(AuthBase):
    """Names who asks; as an AuthBase, so that no .netrc takes its place."""

    def __init__(self, name: str, value: str) -> None:
        self._name, self._value = name, value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers[self._name] = self._value
        return request


class Account(NamedTuple):
    """Where a forge answers and in which header it is told who asks; never shown."""

    api_url: str
    header: str
    secret: str

    def __repr__(self) -> str:
        """Leave the secret out."""
        return f"Account({self.api_url!r})"


class Rest:
    """Requests to one forge."""

    def __init__(self, account: Account) -> None:
        fault = url_fault(account.api_url)
        if fault is not None:
            raise ForgeError(f"the address of the forge's API {fault}")
        if not (account.secret.isascii() and account.secret.isprintable()):
            raise ForgeError("the token for the forge holds a character that no token has")
        self._url = account.api_url.rstrip("/")
        self._auth = _Header(account.header, account.secret)
        self._session = requests.Session()
        self._session.headers["Accept"] = "application/json"

    def patiently(self, attempt: Callable[[], Result]) -> Result:
        """Try until it succeeds or is refused; the attempt looks first what was done already."""
        for number in range(_TRIES - 1):
            try:
                return attempt()
            except PassingError as error:
                if error.wait > _LONGEST_WAIT:
                    raise
                time.sleep(max(_FIRST_WAIT * 2**number, error.wait))
        return attempt()

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - whatever JSON the forge answers
        """Send one request; StatusError, or PassingError if another try may help."""
        return self._send(method, path, body)[0]

    def items(self, path: str) -> Iterator[Any]:
        """Give all items of a list, page by page; a short page is the last if none is announced."""
        sign = "&" if "?" in path else "?"
        for page in range(1, _MOST_PAGES + 1):
            found, answer = self._send("GET", f"{path}{sign}per_page={_PAGE}&page={page}")
            if not isinstance(found, list):
                raise ForgeError(f"GET {shown(path)}: the answer is no list")
            yield from found
            if len(found) < _PAGE and (not found or "next" not in answer.links):
                return
        raise ForgeError(f"GET {shown(path)}: the list does not end after {_MOST_PAGES} pages")

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[Any, requests.Response]:
        try:
            answer = self._session.request(
                method,
                f"{self._url}{path}",
                json=body,
                auth=self._auth,
                timeout=_TIMEOUT,
                # The token is for this host; and a POST that is sent on may become a GET.
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise PassingError(
                f"{method} {shown(path)}: the forge did not answer ({type(error).__name__})"
            ) from None
        words = _words(method, path, answer)
        if answer.status_code in _PASSING or _is_throttled(answer):
            raise PassingError(words, _asked_wait(answer))
        if not requests.codes.ok <= answer.status_code < requests.codes.multiple_choices:
            raise StatusError(words, answer.status_code)
        try:
            return (answer.json() if answer.content else None), answer
        except (ValueError, RecursionError):
            raise PassingError(f"{method} {shown(path)}: the answer is no JSON") from None


def _is_throttled(answer: requests.Response) -> bool:
    """Tell a quota that is used up from a right that is missing: both are 403."""
    said = _is_used_up(answer) or "Retry-After" in answer.headers
    limited = said or "rate limit" in text_part(_told(answer), "message").lower()
    return answer.status_code == requests.codes.forbidden and limited


def _is_used_up(answer: requests.Response) -> bool:
    return answer.headers.get("X-RateLimit-Remaining") == "0"


def _asked_wait(answer: requests.Response) -> float:
    """Give the seconds to wait: as asked, or until there is a new quota, whose time is told."""
    asked = _number(answer, "Retry-After")
    if asked is None and _is_used_up(answer):
        renewed = _number(answer, "X-RateLimit-Reset")
        asked = None if renewed is None else max(0.0, renewed - time.time())
    if asked is None and answer.status_code == requests.codes.forbidden:
        return _UNSAID_WAIT
    return asked or 0.0


def _number(answer: requests.Response, header: str) -> float | None:
    text = answer.headers.get(header, "")
    return float(text) if text.isascii() and text.isdigit() else None


def _words(method: str, path: str, answer: requests.Response) -> str:
    told = _told(answer)
    errors = part(told, "errors")
    causes = [text_part(each, "message") for each in errors] if isinstance(errors, list) else []
    said = "; ".join(filter(None, [text_part(told, "message"), *causes]))
    detail = f": {shown(said)[:300]}" if said else ""
    return f"{method} {shown(path)}: the forge answered {answer.status_code}{detail}{_next(answer)}"


def _next(answer: requests.Response) -> str:
    """Say what to do, where the status tells."""
    if _asked_wait(answer) > _LONGEST_WAIT:
        return "; it asks for a long wait: run the job again later"
    if requests.codes.multiple_choices <= answer.status_code < requests.codes.bad_request:
        return "; it sends to another address, where the token must not go: name that one"
    words = "" if _is_throttled(answer) else _NEXT.get(answer.status_code, "")
    return words and f"; {words}"


def _told(answer: requests.Response) -> Any:  # noqa: ANN401 - whatever JSON the forge answers
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return None
