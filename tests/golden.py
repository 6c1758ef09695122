"""Hold texts against files that were agreed on.

``FLEETSYNC_WRITE_GOLDEN=1 python3 .ci/test.py tests/report`` writes the files anew: look at the
difference before it is committed.
"""

from __future__ import annotations

import os
from pathlib import Path

WRITES = bool(os.environ.get("FLEETSYNC_WRITE_GOLDEN"))


def agreed(path: Path, text: str) -> str:
    """Give what the file says that ``text`` should be; or write it there, if that is wished."""
    if WRITES:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return path.read_text("utf-8")
