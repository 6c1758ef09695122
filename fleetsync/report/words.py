"""Count things in words."""

from __future__ import annotations

from fleetsync.model import Kind

_NOUNS = {Kind.DEVICE_TYPE: ("device type", "device types"), Kind.DEVICE: ("device", "devices")}


def counted(count: int, singular: str, plural: str) -> str:
    """Write ``1 call`` or ``1,234 calls``."""
    return f"{count:,} {singular if count == 1 else plural}"


def counted_kind(count: int, kind: Kind) -> str:
    """Write ``1 device type`` or ``12 devices``."""
    return counted(count, *_NOUNS[kind])


def listed(words: list[str]) -> str:
    """Join words as ``a``, ``a and b``, or ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def duration(seconds: float) -> str:
    """Write seconds as a person would say them."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
