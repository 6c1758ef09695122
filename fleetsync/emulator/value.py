"""Read and write the JSON of a request strictly: what is not JSON is refused, never a crash."""

from __future__ import annotations

import json
import math
import re
from typing import NoReturn, TypeAlias, cast

from fleetsync.emulator.refusal import RefusalError, Violation, invalid

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"
JSONObject: TypeAlias = "dict[str, JSON]"

MAX_DEPTH = 100
"""Deeper values are refused: nobody's metadata needs them, and they would exhaust the stack."""

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def _refuse_constant(name: str) -> NoReturn:
    raise _not_json(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _not_json("a number is too large")
    return number


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def read_json(raw: bytes) -> JSON:
    """Return the JSON value of a request body, or raise a refusal with status 400."""
    try:
        value = cast("JSON", _DECODER.decode(raw.decode("utf-8")))
        if _SURROGATE.search(raw):
            write_json(value).encode("utf-8")
    except UnicodeError as error:
        raise _not_json("it is not UTF-8") from error
    except RecursionError as error:
        raise _not_json("it is nested too deeply") from error
    except ValueError as error:
        raise _not_json("it does not parse") from error
    return value


def write_json(value: JSON) -> str:
    """Return the compact text of a value; characters outside ASCII stay as they are."""
    return _ENCODER.encode(value)


def depth_of(value: JSON, limit: int = MAX_DEPTH) -> int:
    """Return how deeply lists and objects are nested in a value, at most ``limit`` + 1."""
    if limit < 0 or not isinstance(value, dict | list):
        return 0
    parts = value.values() if isinstance(value, dict) else value
    return 1 + max((depth_of(part, limit - 1) for part in parts), default=0)


def _not_json(reason: str) -> RefusalError:
    return invalid([Violation("EMU1000E", f"The body is not valid JSON: {reason}.")])
