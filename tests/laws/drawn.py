"""Draw valid fleets, and one pair of them that holds what is drawn too seldom."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from fleetsync.model.value import DEVICE_INFO_FIELDS

TYPE_IDS = ("pump", "hub", "T.1_x-y")
CLASSES: dict[str, str | None] = {"pump": "Device", "hub": "Gateway", "T.1_x-y": None}
DEVICE_IDS = ("p-1", "p-2", "0", "Z.9")

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
INFO = st.dictionaries(st.sampled_from(DEVICE_INFO_FIELDS[:4]), st.none() | st.just("") | TEXTS)
KEYS = st.sampled_from(["a", "b", "c.d", "e f", "ü"])
NUMBERS = st.integers(-(2**40), 2**40) | st.floats(-1e6, 1e6)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | NUMBERS | TEXTS | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=4,
)
METADATA = st.dictionaries(KEYS, VALUES, max_size=3)


def rounded(least: float, most: float) -> st.SearchStrategy[float]:
    """Numbers that differ by more than a number suffers on its way through JSON."""
    return st.floats(least, most).map(lambda number: round(number, 7))


LOCATION = st.fixed_dictionaries(
    {"latitude": rounded(-90, 90), "longitude": rounded(-180, 180)},
    optional={
        "elevation": rounded(-100, 9000),
        "accuracy": rounded(0, 100),
        "measuredDateTime": st.sampled_from(["2026-01-31T08:30:00.000Z", "2025-06-30T00:00:00.5Z"]),
    },
)
IGNORED = {
    "deviceInfo": ("deviceInfo",),
    f"deviceInfo.{DEVICE_INFO_FIELDS[0]}": ("deviceInfo", DEVICE_INFO_FIELDS[0]),
    "metadata": ("metadata",),
    "metadata.a": ("metadata", "a"),
    'metadata["c.d"]': ("metadata", "c.d"),
    "location": ("location",),
    "status.alert.enabled": ("status", "alert", "enabled"),
}
"""Paths to ignore, as a manifest writes them and as the keys that lead there."""

IGNORES = st.lists(st.sampled_from(list(IGNORED)), unique=True, min_size=1, max_size=3)
TYPE_LIFECYCLE = st.fixed_dictionaries(
    {}, optional={"propagate": st.booleans(), "prune": st.booleans(), "ignoreChanges": IGNORES}
)
LIFECYCLE = st.fixed_dictionaries({}, optional={"protect": st.booleans(), "ignoreChanges": IGNORES})


@st.composite
def fleets(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a valid manifest of up to three types with up to four devices each."""
    types, devices, removed = [], [], []
    for type_id in TYPE_IDS:
        fate = draw(st.sampled_from(["declared", "declared", "removed", "unknown"]))
        if fate == "declared":
            types.append(draw(declared_types(type_id)))
            names = draw(st.lists(st.sampled_from(DEVICE_IDS), unique=True, min_size=1))
            devices += [draw(declared_devices(type_id, name)) for name in names]
        elif fate == "removed":
            removed.append(type_id)
    return {"deviceTypes": types, "devices": devices, "removedDeviceTypes": removed}


def declared_types(type_id: str) -> st.SearchStrategy[dict[str, Any]]:
    class_id = CLASSES[type_id]
    fixed = {"id": st.just(type_id)} | ({"classId": st.just(class_id)} if class_id else {})
    optional: dict[str, st.SearchStrategy[Any]] = {
        "description": TEXTS,
        "deviceInfo": INFO,
        "metadata": METADATA,
        "lifecycle": TYPE_LIFECYCLE,
    }
    return st.fixed_dictionaries(fixed, optional=optional)


def declared_devices(type_id: str, device_id: str) -> st.SearchStrategy[dict[str, Any]]:
    fixed = {"typeId": st.just(type_id), "deviceId": st.just(device_id)}
    optional: dict[str, st.SearchStrategy[Any]] = {
        "deviceInfo": INFO,
        "metadata": METADATA,
        "location": LOCATION,
        "status": st.booleans().map(lambda on: {"alert": {"enabled": on}}),
        "lifecycle": LIFECYCLE,
    }
    return st.fixed_dictionaries(fixed, optional=optional)


def full(type_id: str, device_id: str, number: int, **lifecycle: Any) -> dict[str, Any]:
    return {
        "typeId": type_id,
        "deviceId": device_id,
        "deviceInfo": dict.fromkeys(DEVICE_INFO_FIELDS[:2], f"text {number}"),
        "metadata": {"a": number, "b": number},
        "location": {"latitude": number, "longitude": number},
        "status": {"alert": {"enabled": number == 1}},
        "lifecycle": lifecycle,
    }


ONE = {
    "deviceTypes": [{"id": type_id} for type_id in TYPE_IDS],
    "devices": [
        *(full("pump", name, 1) for name in ("p-1", "p-2")),
        *(full("hub", name, 1, protect=True) for name in ("p-1", "p-2")),
        full("T.1_x-y", "0", 1),
    ],
    "removedDeviceTypes": [],
}
PART_IGNORED = ["metadata.a", f"deviceInfo.{DEVICE_INFO_FIELDS[0]}", "status.alert.enabled"]
OTHER = {
    "deviceTypes": [
        {"id": "pump", "lifecycle": {"prune": False, "ignoreChanges": PART_IGNORED}},
        {"id": "hub"},
    ],
    "devices": [
        full("pump", "p-1", 2),
        full("pump", "Z.9", 2),
        full("hub", "p-1", 2, ignoreChanges=["metadata", "location"]),
    ],
    "removedDeviceTypes": ["T.1_x-y"],
}
"""After ONE: something of all that lifecycle says, whatever is drawn."""
CLEARED: tuple[dict[str, Any], dict[str, Any]] = (
    {
        "deviceTypes": [{"id": "hub", "classId": "Gateway", "metadata": {"a": False}}],
        "devices": [{"typeId": "hub", "deviceId": "p-1"}],
        "removedDeviceTypes": ["pump", "T.1_x-y"],
    },
    {
        "deviceTypes": [{"id": "hub", "classId": "Gateway", "metadata": {}}],
        "devices": [
            {
                "typeId": "hub",
                "deviceId": "p-2",
                "metadata": {},
                "lifecycle": {"ignoreChanges": ["metadata"]},
            }
        ],
        "removedDeviceTypes": ["pump", "T.1_x-y"],
    },
)
"""A type that may not give up its metadata, and a new device that shall have none of it."""
