"""Name the failures that a person who runs the emulator can meet."""

from __future__ import annotations

from fleetsync.errors import FleetsyncError


class EmulatorError(FleetsyncError):
    """The emulator cannot use its file or its address; nothing was changed."""
