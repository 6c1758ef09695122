"""Join what a request gives with what there is: template inheritance and updates.

Pure: values in, values out (platform pages 3.6, 3.8 and 5.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.emulator.check import DEVICE_INFO_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleetsync.emulator.switches import EmptyText, Put, Switches
    from fleetsync.emulator.value import JSONObject


def first_info(given: Mapping[str, str | None], switches: Switches) -> dict[str, str]:
    """Return the deviceInfo of something new that has no template."""
    return inherit_info(given, {}, switches)


def inherit_info(
    given: Mapping[str, str | None], template: Mapping[str, str], switches: Switches
) -> dict[str, str]:
    """Return the deviceInfo of a new device: its own attributes, the others from its type."""
    kept: dict[str, str] = {}
    for key in DEVICE_INFO_FIELDS:
        own = given.get(key)
        is_given = (own is not None or (switches.null_is_given and key in given)) and (
            own != "" or switches.empty_text_is_given
        )
        value = own if is_given else template.get(key, own)
        if value is not None and (value != "" or switches.empty_info == "stored"):
            kept[key] = value
    return kept


def inherit_metadata(
    given: JSONObject | None, template: JSONObject | None, *, was_sent: bool, switches: Switches
) -> JSONObject | None:
    """Return the metadata of a new device; ``was_sent`` tells a null from nothing (Q11)."""
    is_given = (given is not None or (switches.null_is_given and was_sent)) and (
        given != {} or switches.empty_metadata_is_given
    )
    if switches.metadata_inheritance == "keywise" and given and template:
        return {**template, **given}
    if is_given or template is None:
        return given
    return template


def update_info(
    old: Mapping[str, str], given: Mapping[str, str | None], switches: Switches
) -> dict[str, str]:
    """Return a deviceInfo after an update: merged per attribute, null leaves alone (page 5.4)."""
    kept = dict(old)
    for key, value in given.items():
        new = update_text(kept.get(key), value, switches.empty_info)
        if new is None:
            kept.pop(key, None)
        else:
            kept[key] = new
    return kept


def update_text(old: str | None, given: str | None, empty: EmptyText) -> str | None:
    """Return a text after an update; what an empty one does is a switch (Q4)."""
    if given is None or (given == "" and empty == "dropped"):
        return old
    return None if given == "" and empty == "cleared" else given


def update_metadata(
    old: JSONObject | None, given: JSONObject | None, put: Put
) -> JSONObject | None:
    """Return metadata after an update; null leaves alone, the rest is a switch (Q3)."""
    if given is None:
        return old
    return {**(old or {}), **given} if put == "merge" else given
