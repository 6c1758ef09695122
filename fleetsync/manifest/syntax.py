"""Turn what a YAML parser cannot read into problems with a position and a way out."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from fleetsync.errors import Problem
from fleetsync.escape import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml.error import MarkedYAMLError

MAXBAD_CHARACTERS = 20
"""So many characters that YAML does not allow are reported for one file."""

BAD_CHARACTER = re.compile(
    "[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_HINTS = {
    "mapping values are not allowed in this context": (
        "a colon too much, or wrong indentation: quote a text that holds a colon"
    ),
    "found character that cannot start any token": "quote a text that begins so",
    "found undefined tag handle": "quote a text that begins with !",
    "found unexpected end of stream": "a closing quote is missing",
    "found invalid Unicode character escape code": "write the character itself",
}


def encoding_problems(data: bytes, file: str) -> list[Problem]:
    """Say what stops ``data`` from being UTF-8 text, if it is not."""
    if data.startswith(_WIDE_MARKS) or b"\0" in data[:4]:
        return [Problem(file, 1, 1, "this is UTF-16 or UTF-32, not UTF-8: save the file as UTF-8")]
    try:
        _check_utf8(data)
    except UnicodeDecodeError as error:
        return [_bad_byte(data, error.start, file)]
    return []


def _check_utf8(data: bytes) -> None:
    # In pieces: the text of a big file would double the memory for nothing.
    decoder = codecs.getincrementaldecoder("utf-8")()
    size = 1 << 20
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        before = len(decoder.getstate()[0])
        try:
            decoder.decode(piece, final=start + size >= len(data))
        except UnicodeDecodeError as error:
            at = start - before + error.start
            raise UnicodeDecodeError("utf-8", data, at, at + 1, error.reason) from None


def _bad_byte(data: bytes, at: int, file: str) -> Problem:
    line_start = data.rfind(b"\n", 0, at) + 1
    line = data.count(b"\n", 0, at) + 1
    column = len(data[line_start:at].decode("utf-8-sig" if line == 1 else "utf-8")) + 1
    words = f"the byte 0x{data[at]:02x} is not UTF-8: save the file as UTF-8"
    return Problem(file, line, column, words)


def character_problems(data: bytes, file: str) -> list[Problem]:
    """Find the characters that YAML does not allow; ``data`` is known to be UTF-8."""
    return list(_bad_characters(data.decode("utf-8-sig"), file))


def _bad_characters(text: str, file: str) -> Iterator[Problem]:
    for count, match in enumerate(BAD_CHARACTER.finditer(text)):
        if count == MAXBAD_CHARACTERS:
            return
        at = match.start()
        line = text.count("\n", 0, at) + 1
        column = at - text.rfind("\n", 0, at)
        words = f"the control character {shown(match.group())} is not allowed in YAML: remove it"
        yield Problem(file, line, column, f'{words}, or write it as an escape in "..."')


def syntax_problem(error: MarkedYAMLError, data: bytes, file: str) -> Problem:
    """Put a YAML syntax error into words; the file cannot be read from there on."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    words = shown(error.problem or error.context or "this is not YAML")
    hint = _hint(error.problem or "", data, line, column)
    begun = _begun(error, line)
    return Problem(file, line, column, f"YAML: {words}{begun}{f': {hint}' if hint else ''}")


def _hint(words: str, data: bytes, line: int, column: int) -> str:
    lines = data.decode("utf-8-sig").splitlines()
    if line <= len(lines) and "\t" in lines[line - 1][:column]:
        return "YAML does not allow tabs there: indent with spaces"
    return _HINTS.get(words, "")


def _begun(error: MarkedYAMLError, line: int) -> str:
    """Name the line where the broken thing began, if that is another one."""
    context = error.context_mark
    if not error.context or context is None or context.line + 1 == line:
        return ""
    return f" ({shown(error.context)} of line {context.line + 1})"
