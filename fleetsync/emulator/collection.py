"""Say what lists of types and lists of devices can be filtered, sorted and counted by.

One table per kind, from platform pages 3.2 and 4.1; the listing itself is the same for both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleetsync.emulator.check import DEVICE_INFO_FIELDS
from fleetsync.emulator.schema import DEVICE_COLUMNS, TYPE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Collection:
    """What can be listed: ``fields`` maps public names to SQL, ``key`` names the identity.

    ``fixed`` are filters that the path of the call sets: SQL and the value it must have.
    """

    name: str
    table: str
    columns: str
    key: tuple[str, ...]
    fields: Mapping[str, str]
    filters: frozenset[str]
    sorts: frozenset[str]
    facets: frozenset[str]
    fixed: tuple[tuple[str, str], ...] = ()

    def sort_sql(self, name: str) -> str:
        """Return what to sort by; key columns stay bare, so that their index serves."""
        sql = self.fields[name]
        return sql if name in self.key else f"coalesce({sql}, '')"

    def of_type(self, type_id: str) -> Collection:
        """Return the devices of one type (platform page 5.1)."""
        return replace(
            self,
            name=f"{self.name} of {type_id}",
            filters=self.filters - {"typeId"},
            fixed=(*self.fixed, ("type_id", type_id)),
        )

    def of_gateway(self, type_id: str, device_id: str) -> Collection:
        """Return the devices that a gateway brought (platform page 5.8)."""
        return replace(
            self,
            name=f"{self.name} of gateway {type_id}/{device_id}",
            fixed=(("gateway_type_id", type_id), ("gateway_id", device_id)),
        )


_INFO = {
    f"deviceInfo.{name}": f"json_extract(device_info, '$.{name}')" for name in DEVICE_INFO_FIELDS
}
_COUNTED_INFO = frozenset(
    f"deviceInfo.{name}"
    for name in ("deviceClass", "fwVersion", "hwVersion", "manufacturer", "model")
)
_EDGE = {
    f"edgeConfiguration.{name}": f"json_extract(edge_configuration, '$.{name}')"
    for name in ("enabled", "architecture")
}
# Management data (platform page 5.7) is not joined to lists: these match nothing, sort as equals.
_MANAGED = {
    f"mgmt.{name}": "NULL"
    for name in ("dormant", "supports.deviceActions", "supports.firmwareActions")
}
_ALERT = {
    "status.alert.enabled": "CASE alert WHEN 1 THEN 'true' ELSE 'false' END",
    "status.alert.timestamp": "alert_at",
}
_GATEWAY = {"gatewayTypeId": "gateway_type_id", "gatewayId": "gateway_id"}
_DEVICE_KEY = {"typeId": "type_id", "deviceId": "device_id"}
_DEVICE_FIELDS = {
    **_DEVICE_KEY, **_GATEWAY, **_INFO, **_MANAGED, **_ALERT, "registration.date": "registered",
}  # fmt: skip

TYPES = Collection(
    name="types",
    table="device_type",
    columns=TYPE_COLUMNS,
    key=("id",),
    fields={"id": "id", "description": "description", **_INFO, **_EDGE},
    filters=frozenset({"id", "description", *_INFO}),
    sorts=frozenset({"id", "description", *_INFO, *_EDGE}),
    facets=_COUNTED_INFO,
)

DEVICES = Collection(
    name="devices",
    table="device",
    columns=DEVICE_COLUMNS,
    key=("typeId", "deviceId"),
    fields=_DEVICE_FIELDS,
    filters=frozenset(_DEVICE_FIELDS) - {"status.alert.timestamp"},
    sorts=frozenset(_DEVICE_FIELDS) - set(_GATEWAY),
    facets=frozenset({"typeId", "status.alert.enabled", *_COUNTED_INFO, *_MANAGED}),
)
