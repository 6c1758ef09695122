"""Decide what the manifest schema cannot about single texts: real times, reserved paths."""

from __future__ import annotations

import re
from datetime import datetime

from fleetsync.model.live import RESERVED_KEY
from fleetsync.model.path import covers, parse_path

_STAMP = re.compile(r"[0-9]{4}(?:-[0-9]{2}){2}T[0-9]{2}(?::[0-9]{2}){2}(?:\.[0-9]{1,3})?Z")


def is_unreal_time(text: str) -> bool:
    """Tell whether a text has the form of a time stamp but names no real day and time."""
    if not _STAMP.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return True
    return False


def is_reserved_path(text: str) -> bool:
    """Tell whether a path of ``ignoreChanges`` leads into the tool's own metadata key."""
    try:
        return covers(("metadata", RESERVED_KEY), parse_path(text))
    except ValueError:
        return False  # the schema says what is wrong with it
