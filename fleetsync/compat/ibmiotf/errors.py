"""The exceptions of ibmiotf, under its names."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from fleetsync.client import FleetsyncError, ItemResult, OrgError, PartlyDoneError, UsageError

P = ParamSpec("P")
T = TypeVar("T")

_NO_CODE = "no answer"


class HttpCode(int):
    """A status that is a number, and can be put between texts with ``+`` as the guide does."""

    def __add__(self, other: Any) -> Any:
        return f"{int(self)}{other}" if isinstance(other, str) else int(self) + other

    def __radd__(self, other: Any) -> Any:
        return f"{other}{int(self)}" if isinstance(other, str) else other + int(self)


class ConnectionException(FleetsyncError):
    """The client cannot be connected; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ConfigurationException(ConnectionException):
    """The options do not say what is needed."""


class UnsupportedAuthenticationMethod(ConnectionException):
    """The only method there is is ``apikey``."""

    def __init__(self, method: str) -> None:
        super().__init__(f"Unsupported authentication method: {method}")
        self.method = method


class IoTFCReSTException(FleetsyncError):
    """The org refused, or nobody knows what it did; also named ``APIException``.

    ``httpCode``, or ``httpcode`` as the guide writes it, is the status; where no answer came, the
    first is None and the second a text. ``response`` is the JSON of the answer, if there is any:
    after a bulk request that was done in part, it has an item for each device, with the tokens of
    those that were added. Printing it shows no token.
    """

    def __init__(self, httpCode: int | None, message: str, response: Any = None) -> None:
        super().__init__(message)
        self.httpCode = None if httpCode is None else HttpCode(httpCode)
        self.message = message
        self.response = response

    @property
    def httpcode(self) -> HttpCode | str:
        """The status, as the guide spells it: fit to be joined to a text."""
        return _NO_CODE if self.httpCode is None else self.httpCode


class Item(dict[str, Any]):
    """One device of a partial response; its token is there, but does not show."""

    def __repr__(self) -> str:
        return repr({name: "***" if name == "authToken" else self[name] for name in self})


def as_before(call: Callable[P, T]) -> Callable[P, T]:
    """Let a call raise what ibmiotf raised."""

    @wraps(call)
    def told(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return call(*args, **kwargs)
        except PartlyDoneError as error:
            raise IoTFCReSTException(error.http_code, error.message, _items(error)) from error
        except OrgError as error:
            # An empty body tells nothing, which the guide calls null.
            response = error.response or None
            raise IoTFCReSTException(error.http_code, error.message, response) from error

    return told


def connecting(call: Callable[P, T]) -> Callable[P, T]:
    """Let what has to do with messages raise what ibmiotf raised: ConnectionException."""

    @wraps(call)
    def told(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return call(*args, **kwargs)
        except (OrgError, UsageError) as error:
            raise ConnectionException(str(error)) from error

    return told


def _items(error: PartlyDoneError) -> list[Item]:
    """Give what the platform said of each device, and the tokens that the error does not show."""
    said = {
        (str(each.get("typeId")), str(each.get("deviceId"))): each
        for each in error.response
        if isinstance(each, dict)
    }
    return [Item({**said.get(each.key, {}), **item_of(each)}) for each in error.results]


def item_of(result: ItemResult) -> dict[str, Any]:
    """Write what became of one device as the platform does."""
    item = {
        "typeId": result.key.type_id,
        "deviceId": result.key.device_id,
        "success": result.success is True,
    }
    if result.token is not None:
        item["authToken"] = result.token.reveal()
    return item
