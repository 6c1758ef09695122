"""Read the changes back out of a Markdown document, as exactly as a person could."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from html import unescape
from typing import Any, NamedTuple

from fleetsync.manifest.idrange import Pattern
from fleetsync.model.path import _STEP
from fleetsync.model.value import canonical

SECTION = re.compile(r"### (Delete|Create|Update) ([0-9,]+) (device types?|devices?)")
SUMMARY = re.compile(r"<details(?: open)?><summary>(?:<code>([^<]*)</code>: )?([0-9,]+) .*")
COUNT = re.compile(r" \(([0-9,]+) (?:device types|devices)\)$")
ALL = re.compile(r"all ([0-9,]+) (?:device types?|devices?):")
ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|U([0-9a-f]{8})|(.))")

SIGNS = {"create": "+ ", "update": "~ ", "delete": "- "}

FieldText = tuple[str, Any, Any]


class Told(NamedTuple):
    """One change as the document tells it."""

    action: str
    kind: str
    type_id: str
    device_id: str | None
    fields: tuple[FieldText, ...]


def read_changes(document: str) -> list[Told]:
    """Expand every cluster; ValueError if a count is not that of what it counts."""
    told: list[Told] = []
    action = kind = ""
    expected = 0
    lines = iter(document.splitlines())
    for line in lines:
        if section := SECTION.fullmatch(line):
            if len(told) != expected:
                raise ValueError(f"{len(told)} of {expected} changes before {line}")
            action, expected = section[1].lower(), expected + number(section[2])
            kind = "deviceType" if "type" in section[3] else "device"
        elif summary := SUMMARY.fullmatch(line):
            rows = list(read_block(block_lines(lines), action))
            if sum(len(ids) for ids, _ in rows) != number(summary[2]):
                raise ValueError(line)
            type_id = unescape(summary[1] or "")
            for ids, fields in rows:
                for each in ids:
                    of_type = (action, kind, each, None, fields)
                    of_device = (action, kind, type_id, each, fields)
                    told.append(Told(*(of_type if kind == "deviceType" else of_device)))
    if len(told) != expected:
        raise ValueError(f"{len(told)} of {expected} changes")
    return told


def number(text: str) -> int:
    return int(text.replace(",", ""))


def block_lines(lines: Iterator[str]) -> list[str]:
    """Give the lines of the block of code that comes next."""
    if next(lines) != "":
        raise ValueError("no empty line after the summary")
    fence = next(lines).removesuffix("diff")
    block = []
    while (line := next(lines)) != fence:
        block.append(line)
    return block


Row = tuple[list[str], tuple[FieldText, ...]]


def read_block(lines: list[str], action: str) -> Iterator[Row]:
    """Give whom each row is about, and all of their fields."""
    common: list[FieldText] = []
    missing = 0
    for names, fields in entries(lines, action):
        if head := ALL.match(names):
            if missing:
                raise ValueError(f"{missing} are missing before {names}")
            missing, common = number(head[1]), fields
            continue
        ids = read_names(names)
        shared = common if missing else []
        missing -= len(ids) if missing else 0
        yield ids, tuple(sorted([*shared, *fields], key=lambda field: field[0]))
    if missing:
        raise ValueError(f"{missing} are missing")


def entries(lines: list[str], action: str) -> list[tuple[str, list[FieldText]]]:
    """Join the lines of one list of ids, and put the fields to it that stand below."""
    found: list[tuple[str, list[FieldText]]] = []
    for line in lines:
        if line.startswith("    "):
            found[-1][1].append(read_field(line[4:], action))
        elif line[:2] != "# ":
            if line[:2] != SIGNS[action]:
                raise ValueError(line)
            goes_on = bool(found) and found[-1][0].endswith(",")
            before = f"{found.pop()[0]} " if goes_on else ""
            found.append((before + line[2:], []))
    return found


def read_names(text: str) -> list[str]:
    """Expand a list of ids, and hold their number against the one that is told."""
    count = COUNT.search(text)
    rest = text[: count.start()] if count else text
    ids: list[str] = []
    while rest:
        if rest[0] == '"':
            name, end = json_at(rest)
            ids.append(name)
        else:
            end = rest.index(",") if "," in rest else len(rest)
            ids += Pattern(rest[:end]).ids()
        rest = rest[end:].removeprefix(", ")
    if len(ids) != (number(count[1]) if count else 1):
        raise ValueError(f"{len(ids)} ids in {text}")
    return ids


def read_field(text: str, action: str) -> FieldText:
    at = 0
    while text[at] != ":":
        step = _STEP.match(text, at)
        if step is None:
            raise ValueError(text)
        at = step.end()
    path, rest = text[:at], text[at + 2 :]
    one, end = value_at(rest)
    if action == "update":
        if not rest[end:].startswith(" -> "):
            raise ValueError(text)
        other, stop = value_at(rest[end + 4 :])
        if rest[end + 4 + stop :]:
            raise ValueError(text)
        return path, one, other
    if rest[end:]:
        raise ValueError(text)
    return (path, None, one) if action == "create" else (path, one, None)


def value_at(text: str) -> tuple[Any, int]:
    return (None, 6) if text.startswith("(none)") else json_at(text)


def json_at(text: str) -> tuple[Any, int]:
    """Read the JSON value that a text begins with, and tell where it ends in the text."""
    plain, places = unescaped(text)
    value, end = json.JSONDecoder().raw_decode(plain)
    return value, places[end]


def unescaped(text: str) -> tuple[str, list[int]]:
    """Turn the escapes that JSON does not have into its own; say where each character was."""
    plain = ""
    places: list[int] = []
    at = 0
    while at < len(text):
        escape = ESCAPE.match(text, at)
        if escape is None:
            piece, end = text[at], at + 1
        elif escape[3] is None:
            code = chr(int(escape[1] or escape[2], 16))
            piece, end = json.dumps(code)[1:-1], escape.end()
            if piece == code:
                piece = f"\\u{ord(code):04x}"
        else:
            piece, end = escape[0], escape.end()
        plain += piece
        places += [at] * len(piece)
        at = end
    return plain, [*places, at]


def digest_of(told: list[Told]) -> str:
    """Digest changes as a plan does."""
    digests = sorted(sha256(canonical(list(each))).digest() for each in told)
    return f"sha256:{sha256(b''.join(digests)).hexdigest()}"
