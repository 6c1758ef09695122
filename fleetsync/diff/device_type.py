"""Compare one declared device type with the one in the org."""

from __future__ import annotations

from fleetsync.diff.change import Field
from fleetsync.diff.device import Comparison, explain_metadata, split_kept
from fleetsync.model import DeviceType, LiveDeviceType
from fleetsync.model.mark import parse_mark
from fleetsync.model.value import same_mapping


def compare_device_type(declared: DeviceType, live: LiveDeviceType) -> Comparison:
    """Compare a type with what is live; classId is compared elsewhere, for it cannot change."""
    mark = parse_mark(declared.type_id, live.mark)
    fields = _template_differences(declared, live)
    if declared.lifecycle.protect != mark.protect:
        fields.append(Field("lifecycle.protect", mark.protect, declared.lifecycle.protect))
    return split_kept(fields, mark)


def has_other_class(declared: DeviceType, live: LiveDeviceType) -> bool:
    """Tell whether the manifest wants a class that the type does not have (platform page 3.6)."""
    return declared.class_id is not None and declared.class_id != live.class_id


def _template_differences(declared: DeviceType, live: LiveDeviceType) -> list[Field]:
    fields: list[Field] = []
    if declared.description is not None and declared.description != live.description:
        fields.append(Field("description", live.description or None, declared.description or None))
    fields += [
        Field(f"deviceInfo.{name}", live.device_info.get(name) or None, text or None)
        for name, text in declared.device_info.items()
        if live.device_info.get(name, "") != text
    ]
    wanted = declared.metadata
    if wanted is not None and not same_mapping(wanted, live.metadata):
        fields += explain_metadata(live.metadata, wanted)
    return fields
