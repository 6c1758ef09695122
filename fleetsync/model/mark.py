"""Write and read fleetsync's own mark: the value of the reserved key inside metadata.

A mark is one line of text, because text survives whatever a platform does when it merges, copies
or rewrites metadata: ``location=51.5,-0.12,12 protect=yes kept=1a2b3c4d #0f1e2d3c4b5a6978``. What
follows ``#`` binds the facts to the type or device that they were written for: a mark that a
device inherited from its type, or that somebody copied, says nothing about that device.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

from fleetsync.model.location import Location
from fleetsync.model.value import JSON, canonical


class Mark(NamedTuple):
    """What fleetsync has noted on a type or device.

    ``location`` is the declared location that was last written or found to be there, ``protect``
    that the manifest protected it, ``kept`` the fingerprints of changes that the platform did not
    honour, ``others`` facts that another version of fleetsync wrote, ``run`` the run that
    registered the device: it tells ours from somebody else's.
    """

    location: Location | None = None
    protect: bool = False
    kept: frozenset[str] = frozenset()
    others: tuple[str, ...] = ()
    run: str | None = None


NO_MARK = Mark()


def mark_text(owner: str, mark: Mark) -> str:
    """Write a mark for ``owner``, a type id or ``type/device``."""
    facts = list(mark.others)
    if mark.run is not None:
        facts.append(f"run={mark.run}")
    if mark.location is not None:
        facts.append("location=" + _location_text(mark.location))
    if mark.protect:
        facts.append("protect=yes")
    if mark.kept:
        facts.append("kept=" + ",".join(sorted(mark.kept)))
    text = " ".join(facts)
    return f"{text} #{_check(owner, text)}".lstrip()


def parse_mark(owner: str, value: JSON) -> Mark:
    """Read the mark of ``owner``; anything that was not written for it is no mark."""
    if not isinstance(value, str):
        return NO_MARK
    text, _, check = value.rpartition("#")
    text = text.rstrip(" ")
    if check != _check(owner, text):
        return NO_MARK
    mark = NO_MARK
    for fact in text.split():
        mark = _with_fact(mark, fact)
    return mark


def kept_fingerprint(path: str, *, before: JSON, after: JSON) -> str:
    """Name a change that the platform did not honour: this field, from this value to that."""
    return blake2b(canonical([path, before, after]), digest_size=4).hexdigest()


def _with_fact(mark: Mark, fact: str) -> Mark:
    name, _, value = fact.partition("=")
    if name == "location":
        return mark._replace(location=_parse_location(value))
    if name == "protect":
        return mark._replace(protect=True)
    if name == "run":
        return mark._replace(run=value)
    if name == "kept":
        return mark._replace(kept=frozenset(value.split(",")))
    return mark._replace(others=(*mark.others, fact))


def _check(owner: str, text: str) -> str:
    return blake2b(f"{owner}\n{text}".encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _location_text(location: Location) -> str:
    parts = ["" if part is None else _part_text(part) for part in location]
    return ",".join(parts).rstrip(",")


def _part_text(part: float | str) -> str:
    if isinstance(part, str):
        return part
    return str(int(part)) if part == int(part) else repr(part)


def _parse_location(text: str) -> Location | None:
    latitude, longitude, elevation, accuracy, measured = [*text.split(","), "", "", "", "", ""][:5]
    try:
        return Location(
            float(latitude),
            float(longitude),
            float(elevation) if elevation else None,
            float(accuracy) if accuracy else None,
            measured or None,
        )
    except ValueError:
        return None
