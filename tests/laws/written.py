"""Write manifests in the styles that people use, with comments wherever they may stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

PLAIN = re.compile(r"[a-z][a-z-]*")
STYLES = st.fixed_dictionaries(
    {
        "flow": st.integers(0, 4),
        "quote": st.sampled_from(["'", '"', ""]),
        "indent": st.sampled_from([0, 2, 4]),
        "step": st.sampled_from([2, 3]),
        "crlf": st.booleans(),
        "documents": st.booleans(),
        "anchors": st.booleans(),
        "final": st.booleans(),
        "blank": st.booleans(),
    }
)


class Writer:
    """Writes one manifest in one style; ``comments`` are those that it wrote."""

    def __init__(self, style: dict[str, Any]) -> None:
        self.style = style
        self.comments: list[str] = []

    def text(self, fleet: dict[str, Any]) -> str:
        keys = [key for key in ("deviceTypes", "devices", "removedDeviceTypes") if fleet[key]]
        parts = ["\n".join(self._mapping({key: fleet[key]}, 0, 0)) for key in keys]
        between = "\n---\n" if self.style["documents"] else "\n"
        text = between.join(parts) + ("\n" if self.style["final"] else "")
        return text.replace("\n", "\r\n") if self.style["crlf"] else text

    def _comment(self) -> str:
        self.comments.append(f"# c{len(self.comments)}: {{[")
        return self.comments[-1]

    def _mapping(self, value: dict[str, Any], indent: int, depth: int) -> Iterator[str]:
        pad = " " * indent
        for key, inner in value.items():
            if depth in {0, 3}:
                yield f"{pad}{self._comment()}"
            name = self.scalar(key)
            if self._is_block(inner, depth):
                yield f"{pad}{name}: {self._comment()}" if depth else f"{pad}{name}:"
                step = self.style["indent"] if isinstance(inner, list) else self.style["step"]
                yield from self._block(inner, indent + step, depth + 1)
            else:
                yield f"{pad}{name}: {self.flow(inner)} {self._comment()}"

    def _block(self, value: Any, indent: int, depth: int) -> Iterator[str]:
        if isinstance(value, dict):
            yield from self._mapping(value, indent, depth)
            return
        pad = " " * indent
        for number, item in enumerate(value):
            if number and depth == 1 and self.style["blank"]:
                yield ""
            if isinstance(item, dict) and self._is_block(item, depth):
                lines = list(self._mapping(item, indent + 2, depth + 1))
                first = next(
                    at for at, line in enumerate(lines) if not line.strip().startswith("#")
                )
                yield from lines[:first]
                anchor = f"&a{len(self.comments)} " if self.style["anchors"] and depth == 1 else ""
                head = f"{pad}- {lines[first].lstrip()}"
                yield head if not anchor else f"{pad}- {anchor}\n{lines[first]}"
                yield from lines[first + 1 :]
            else:
                yield f"{pad}- {self.flow(item)} {self._comment()}"

    def _is_block(self, value: Any, depth: int) -> bool:
        return bool(value) and isinstance(value, dict | list) and depth < self.style["flow"]

    def flow(self, value: Any) -> str:
        if isinstance(value, dict):
            inner = [f"{self.scalar(key)}: {self.flow(below)}" for key, below in value.items()]
            return f"{{{', '.join(inner)}}}"
        if isinstance(value, list):
            return f"[{', '.join(map(self.flow, value))}]"
        return self.scalar(value)

    def scalar(self, value: Any) -> str:
        if not isinstance(value, str):
            text = json.dumps(value)
            mantissa, exponent, power = text.partition("e")
            whole = exponent and isinstance(value, float) and "." not in mantissa
            return f"{mantissa}.0e{power}" if whole else text
        quote = self.style["quote"]
        if not quote and PLAIN.fullmatch(value) and value not in {"yes", "no", "on", "off", "null"}:
            return value
        if quote == "'" and value.isprintable():
            doubled = value.replace("'", "''")
            return f"'{doubled}'"
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        letters = (c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped)
        return '"' + "".join(letters) + '"'
