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

Result = TypeVar("Result")

_TIMEOUT = (10, 30)
_TRIES = 5
_FIRST_WAIT = 1.0
_LONGEST_WAIT = 60.0
_PASSING = frozenset({429, 500, 502, 503, 504})
_PAGE = 100
_MOST_PAGES = 100


class PassingError(ForgeError):
    """It may go away by itself; ``wait`` is what the forge asked for."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


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
                grown = min(_FIRST_WAIT * 2**number, _LONGEST_WAIT)
                time.sleep(min(max(grown, error.wait), _LONGEST_WAIT))
        return attempt()

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - whatever JSON the forge answers
        """Send one request; ForgeError, or PassingError if another try may help."""
        try:
            answer = self._session.request(
                method, f"{self._url}{path}", json=body, auth=self._auth, timeout=_TIMEOUT
            )
        except requests.RequestException as error:
            raise PassingError(
                f"{method} {shown(path)}: the forge did not answer ({type(error).__name__})"
            ) from None
        if answer.status_code in _PASSING or _is_throttled(answer):
            raise PassingError(_words(method, path, answer), _asked_wait(answer))
        if not answer.ok:
            raise ForgeError(_words(method, path, answer))
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise PassingError(f"{method} {shown(path)}: the answer is no JSON") from None

    def items(self, path: str) -> Iterator[Any]:
        """Give all items of a list, page by page."""
        sign = "&" if "?" in path else "?"
        for page in range(1, _MOST_PAGES + 1):
            found = self.send("GET", f"{path}{sign}per_page={_PAGE}&page={page}")
            if not isinstance(found, list):
                raise ForgeError(f"GET {shown(path)}: the answer is no list")
            yield from found
            if len(found) < _PAGE:
                return


def _is_throttled(answer: requests.Response) -> bool:
    """Tell a quota that is used up from a right that is missing: both are 403."""
    used_up = answer.headers.get("X-RateLimit-Remaining") == "0" or "Retry-After" in answer.headers
    return answer.status_code == requests.codes.forbidden and used_up


def _asked_wait(answer: requests.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _words(method: str, path: str, answer: requests.Response) -> str:
    try:
        told = answer.json()
    except ValueError:
        told = None
    message = told.get("message") if isinstance(told, dict) else None
    detail = f": {shown(str(message))[:300]}" if message else ""
    return f"{method} {shown(path)}: the forge answered {answer.status_code}{detail}"
