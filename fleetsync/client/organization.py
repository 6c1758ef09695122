"""Ask who the org is."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fleetsync.client.answer import read_object

if TYPE_CHECKING:
    from fleetsync.api.transport import Reader
    from fleetsync.client.records import Organization


class OrganizationCalls:
    """The calls on the organization itself (platform page 2)."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def get_organization_details(self) -> Organization:
        """Give the configuration of the org: ``GET /``.

        Changes nothing, so it is a good probe of host and credentials. Statuses: 200; 401, 403,
        404 no such org, 500 (page 2, from the clients' status lists).
        """
        return cast("Organization", read_object(self._reader.get(()), "the organization"))
