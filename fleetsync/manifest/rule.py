"""Decide what the manifest schema cannot, or cannot in plain words, about texts and sets."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
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


def filling_fault(keys: AbstractSet[str]) -> str:
    """Say what is wrong with the keys that say which devices a set has; nothing if all is well."""
    if {"csv", "deviceIds"} <= keys:
        return 'a device set takes its ids from "deviceIds" or from "csv": take one of them out'
    if "csv" in keys and "deviceId" not in keys:
        return 'a device set with "csv" needs "deviceId", which makes an id of a row: add it'
    if "deviceIds" in keys and "deviceId" in keys:
        return '"deviceId" belongs to "csv", and this device set has "deviceIds": take one out'
    if not {"csv", "deviceIds"} & keys:
        return 'a device set needs "deviceIds", or "csv" and "deviceId": add them'
    return ""
