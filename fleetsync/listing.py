"""Remember, in the fleet's own folder, how large the org's lists were at the last apply."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from fleetsync.model import Sizes
from fleetsync.model.value import EMPTY
from fleetsync.workdir import WORKDIR, make_workdir

NAME = "listing.json"
FORMAT_VERSION = 1
_MOST_BYTES = 4 << 20
_MOST_ORGS = 20
_LARGEST = 10**9
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Memory(NamedTuple):
    """The sizes of each org's lists, by org id; ``damage`` says why the file could not be used."""

    orgs: Mapping[str, Sizes] = EMPTY
    damage: str = ""


class _DamagedError(ValueError):
    """The file is not one of ours; the text says what is wrong with it."""


def read_memory(folder: Path) -> Memory:
    """Read what is remembered in a fleet's folder; a folder without it remembers nothing.

    Raises nothing: a memory that cannot be used is as good as none, and ``damage`` says so.
    """
    path = folder / WORKDIR / NAME
    try:
        data = _read(folder / WORKDIR)
        return Memory(_parse(data))
    except FileNotFoundError:
        return Memory()
    except OSError as error:
        reason = error.strerror or "it cannot be read"
    except _DamagedError as error:
        reason = str(error)
    words = "so nothing is known of earlier lists; the next apply writes it anew"
    return Memory(damage=f"{path}: {reason}, {words}")


def remember(folder: Path, org: str, sizes: Sizes) -> None:
    """Write down how large the lists of an org are, and keep what is known of others.

    Raises OSError. The file is replaced as a whole, so that no reader ever sees half of it.
    """
    others = {name: each for name, each in read_memory(folder).orgs.items() if name != org}
    latest = sorted(others.items(), key=lambda item: item[1].at)[-(_MOST_ORGS - 1) :]
    orgs = {name: _document(each) for name, each in (*latest, (org, sizes))}
    text = json.dumps({"formatVersion": FORMAT_VERSION, "orgs": orgs}, indent=1) + "\n"
    place, _ = make_workdir(folder)
    _replace(place / NAME, text)


def _read(workdir: Path) -> bytes:
    """Read the file; neither it nor the folder may be a link, for that could lead anywhere."""
    holder = os.open(workdir, _READ | os.O_DIRECTORY)
    try:
        descriptor = os.open(NAME, _READ, dir_fd=holder)
    finally:
        os.close(holder)
    try:
        _check_file(os.fstat(descriptor))
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(_MOST_BYTES)
    finally:
        os.close(descriptor)


def _check_file(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise _DamagedError("it is no file")
    if found.st_size > _MOST_BYTES:
        raise _DamagedError("it is too large")


def _parse(data: bytes) -> dict[str, Sizes]:
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError):
        raise _DamagedError("it is damaged") from None
    if not isinstance(whole, dict) or whole.get("formatVersion") != FORMAT_VERSION:
        raise _DamagedError("it is of another version or no memory of fleetsync's")
    orgs = whole.get("orgs")
    if not isinstance(orgs, dict):
        raise _DamagedError("it is damaged")
    return {org: _sizes(each) for org, each in orgs.items()}


def _sizes(value: object) -> Sizes:
    match value:
        case {"deviceTypes": int(types), "devices": dict(devices), "at": str(at)}:
            counts = [types, *devices.values()]
            if all(map(_is_count, counts)) and _MOMENT.fullmatch(at):
                return Sizes(types, devices, at)
    raise _DamagedError("it is damaged")


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _LARGEST


def _document(sizes: Sizes) -> dict[str, object]:
    devices = dict(sorted(sizes.devices.items()))
    return {"at": sizes.at, "deviceTypes": sizes.types, "devices": devices}


def _replace(path: Path, text: str) -> None:
    """Write beside the file and move it into its place; a link there is replaced, not followed."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)  # from a run that was killed
    descriptor = os.open(fresh, _CREATE, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
