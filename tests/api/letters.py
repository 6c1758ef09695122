"""Pages of letters, as short as a list can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.api.paging import ListReader, ignore_progress
from tests.api.hostile import HostileServer, reply

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fleetsync.api.collation import Key
    from fleetsync.api.walk import Census
    from fleetsync.model.value import JSON
    from tests.api.conftest import Connect


class Letters:
    """Rows that are their own key."""

    def __init__(self) -> None:
        self.seen: list[JSON] = []

    def add(self, row: JSON) -> Key:
        if row not in self.seen:
            self.seen.append(row)
        return (str(row),)

    def __len__(self) -> int:
        return len(self.seen)

    def oddities(self) -> Iterator[str]:
        return iter(["a question mark"] if "?" in self.seen else [])


def page(rows: Iterable[str], bookmark: str | None = None, total: int | None = None) -> bytes:
    body: dict[str, object] = {"results": list(rows)}
    if bookmark is not None:
        body["bookmark"] = bookmark
    if total is not None:
        body["meta"] = {"total_rows": total}
    return reply(body=body)


def read(server: HostileServer, connect: Connect) -> tuple[str, Census]:
    lists = ListReader(connect(server.url))
    rows, census = lists.read(lists.open(("things",), {"_sort": "id"}), Letters, ignore_progress)
    return "".join(map(str, rows.seen)), census
