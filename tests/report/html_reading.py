"""Read a page back: its parts, and the changes of its data block."""

from __future__ import annotations

import json
import re
from typing import Any

from fleetsync.diff.change import Action, Field
from fleetsync.model import Kind, Source
from fleetsync.plan.view import ReadChange, field_text

_BLOCK = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.S)


def data_block(page: str) -> dict[str, Any]:
    found = _BLOCK.findall(page)
    assert len(found) == 1
    block: dict[str, Any] = json.loads(found[0])
    return block


def read_changes(page: str) -> list[ReadChange]:
    block = data_block(page)
    shapes, texts = block["shapes"], block["texts"]
    return [read_change(row, shapes[row[0]], texts) for row in block["rows"]]


def read_change(row: list[int], shape: list[Any], texts: list[str]) -> ReadChange:
    action, kind, type_id, file, reason, sides, paths, _, _ = shape
    values = [json.loads(texts[place]) for place in row[3:]]
    if sides == "both":
        pairs = list(zip(values[::2], values[1::2], strict=True))
    else:
        pairs = [(None, each) if sides == "after" else (each, None) for each in values]
    fields = [Field(path, *pair) for path, pair in zip(paths, pairs, strict=True)]
    device_id = None if row[1] < 0 else texts[row[1]]
    source = None if file is None else Source(file, row[2])
    told = list(map(field_text, fields))
    return ReadChange(Action(action), Kind(kind), type_id, device_id, reason, source, told)
