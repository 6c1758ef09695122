"""Read the header of a CSV file: names by which placeholders ask for a row's cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from fleetsync.manifest.credential import is_api_key, is_auth_token_name, is_credential_name
from fleetsync.manifest.words import did_you_mean, listing, quote

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from fleetsync.manifest.complaint import Complaints

MAX_NAME = 100
"""Characters of a column's name; a longer one is rather a row than a header."""

_MAX_LISTED = 10


class Header(Protocol):
    """The row that names the columns."""

    @property
    def cells(self) -> Sequence[str]:
        """The names."""

    def place(self, index: int) -> tuple[int, int]:
        """Give line and column of a name."""


def read_columns(header: Header, complaints: Complaints) -> dict[str, int]:
    """Give the place of each column by its name; a name that will not do is left out."""
    columns: dict[str, int] = {}
    for index, name in enumerate(header.cells):
        words = _fault(name)
        if name in columns:
            words = f"the column {quote(name)} stands here again: give each a name of its own"
        if words:
            complaints.add(*header.place(index), words)
        else:
            columns[name] = index
    if len(header.cells) == 1 and (";" in header.cells[0] or "\t" in header.cells[0]):
        complaints.add(*header.place(0), "cells are separated by commas: save the file so")
    return columns


def _fault(name: str) -> str:
    if is_auth_token_name(name):
        return (
            "a token must not stand in a CSV file: remove the column, from git's history too, and"
            " have the devices registered anew; fleetsync makes tokens and keeps them in the"
            " secrets file"
        )
    if not name.strip():
        return "a column has no name: name it in the first line, or take it out"
    if name != name.strip():
        return f"the column {quote(name)} begins or ends with a blank: remove it"
    if len(name) > MAX_NAME or "\n" in name or "{" in name or "}" in name or is_api_key(name):
        return (
            f"a column's name has at most {MAX_NAME} characters, on one line, without braces: is"
            " the first line a header?"
        )
    return ""


def unknown_column(name: str, known: Collection[str]) -> str:
    """Give the words for a placeholder that names nothing."""
    near = did_you_mean(name, known)
    open_names = [each for each in known if not is_credential_name(each)]
    listed = [quote(each) for each in open_names[:_MAX_LISTED]]
    more = len(open_names) - len(listed)
    all_of_them = listing([*listed, f"{more:,} more"] if more else listed)
    return f"unknown placeholder {quote('${' + name + '}')}; {near or f'known are {all_of_them}'}"
