"""An org behind a front that can be told to lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fleetsync.emulator.switches import Switches
from tests.apply.front import Front, open_front


@pytest.fixture
def front(tmp_path: Path, switches: Switches) -> Iterator[Front]:
    with open_front(tmp_path, switches) as opened:
        yield opened
