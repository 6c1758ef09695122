"""Draw lines at the foot of the terminal behind stderr, again and again; other words push them up.

The cursor stays visible and the screen is the shell's own: whatever ends the process, nothing has
to be put back.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from fleetsync.cli.streams import stderr_columns, tell
from fleetsync.report.terminal.cells import cells
from fleetsync.report.terminal.paint import for_eyes

_CLEAR_LINE = "\x1b[K"
_CLEAR_BELOW = "\x1b[J"


class Drawing:
    """What is drawn right now; ``held`` tells that a view has it to itself."""

    def __init__(self) -> None:
        self.held = False
        self._lock = Lock()
        self._lines: Sequence[str] = ()

    def draw(self, lines: Sequence[str], columns: int, *, color: bool = False) -> None:
        """Put lines in the place of those that are there."""
        with self._lock:
            home = self._home(columns)
            below = _CLEAR_BELOW if len(self._lines) > 1 else ""
            painted = for_eyes(lines, columns=0, color=color)
            rows = "\n".join(f"{_CLEAR_LINE}{line}" for line in painted)
            tell(f"{home}{rows}{below}", nl=False)
            self._lines = lines

    def clear(self) -> None:
        """Leave no trace of what is drawn."""
        with self._lock:
            if self._lines:
                below = _CLEAR_BELOW if len(self._lines) > 1 else ""
                tell(f"{self._home(stderr_columns())}{_CLEAR_LINE}{below}", nl=False)
            self._lines = ()

    def leave(self) -> None:
        """Let what is drawn stand where it is: somebody else has written below it."""
        with self._lock:
            self._lines = ()

    def _home(self, columns: int) -> str:
        """Go to where the first line begins; a terminal that got narrower has broken lines."""
        rows = sum(_rows_of(line, columns) for line in self._lines) - 1
        return f"\x1b[{rows}A\r" if rows > 0 else "\r"


def _rows_of(line: str, columns: int) -> int:
    return max(1, -(-cells(line) // columns)) if columns else 1


DRAWING = Drawing()
"""There is one, as there is one stderr."""
