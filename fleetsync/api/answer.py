"""Read what the org answered, trusting none of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    from fleetsync.model.value import JSON


class Answer(NamedTuple):
    """A good answer: the HTTP status and the JSON body, None where there is none.

    ``retry_after`` is in seconds.
    """

    status: int
    body: JSON
    retry_after: float | None = None


class GarbledError(ValueError):
    """A body is not the JSON it should be; the text says what it looks like."""


def parse_body(content: bytes) -> JSON:
    """Read a body: None when it is empty, GarbledError when it is not sound JSON."""
    if not content.strip():
        return None
    try:
        text = content.decode("utf-8-sig")
        value: JSON = json.loads(text, parse_constant=_refuse_constant)
    except GarbledError:
        raise
    except UnicodeDecodeError:
        raise GarbledError("it is not UTF-8") from None
    except RecursionError:
        raise GarbledError("it is nested too deeply") from None
    except ValueError:
        raise GarbledError(_looks_like(content)) from None
    return value


def platform_words(body: JSON) -> str:
    """Give the platform's own id and words of an error body, '' if it has none (page 1.4).

    Ids are shown, never judged by: they are not stable.
    """
    if not isinstance(body, dict):
        return ""
    words = [_said(body)]
    violations = body.get("violations")
    if isinstance(violations, list):
        words += [_said(each) for each in violations if isinstance(each, dict)]
    return "; ".join(filter(None, words))


def _said(body: dict[str, JSON]) -> str:
    message = body.get("message")
    text = message if isinstance(message, str) else ""
    exception = body.get("exception")
    name = exception.get("id") if isinstance(exception, dict) else None
    if isinstance(name, str) and name not in text:
        return f"{name}: {text}" if text else name
    return text


def _looks_like(content: bytes) -> str:
    if content.lstrip()[:1] == b"<":
        return "it looks like a web page"
    return "it is not JSON, or it was cut off"


def _refuse_constant(name: str) -> NoReturn:
    raise GarbledError(f"it holds {name}, which is not JSON")
