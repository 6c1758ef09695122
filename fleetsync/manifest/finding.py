"""Note what is wrong with a manifest while it is built, to be put into words and places later.

Building keeps no places: most manifests are right, and places cost as much as all the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fleetsync.model import Source

if TYPE_CHECKING:
    from fleetsync.manifest.places import Path
    from fleetsync.model import DeviceKey


class Finding(NamedTuple):
    """Something wrong at ``path`` of a document of a file.

    ``line`` is the first line of the top-level list item around it. Without a ``message`` the
    value does not fit ``part`` of the manifest schema, which knows the words.
    """

    file: str
    line: int
    document: int
    path: Path
    message: str = ""
    part: str = ""
    at_key: bool = False


class DeviceFinding(NamedTuple):
    """Something wrong with a device that was read long ago; its line and ids lead to it.

    ``below`` is the key of the device that the message is about.
    """

    file: str
    line: int
    device: DeviceKey
    below: str
    message: str


class Spot(NamedTuple):
    """Where an item of a top-level list stands, as far as building knows."""

    file: str
    line: int
    document: int
    path: tuple[str | int, ...]

    def __str__(self) -> str:
        """Render as ``file:line``, as messages name another place."""
        return f"{self.file}:{self.line}"

    @property
    def source(self) -> Source:
        """The place as the model keeps it."""
        return Source(self.file, self.line)

    def finding(self, message: str, *below: str | int, at_key: bool = False) -> Finding:
        """Make a finding at ``below``, a path inside the item."""
        path = (*self.path, *below)
        return Finding(self.file, self.line, self.document, path, message, at_key=at_key)

    def misfit(self, part: str) -> Finding:
        """Make the finding that the item does not fit ``part`` of the manifest schema."""
        return Finding(self.file, self.line, self.document, self.path, part=part)
