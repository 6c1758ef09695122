"""An apply that has lost its lock writes nothing more, says so, and the next one goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fleetsync.api.transport import Transport
from fleetsync.apply import Outcome, apply_plan
from fleetsync.errors import FleetsyncError, LockLostError
from fleetsync.tokens.file import TokenFile
from tests.apply.front import Front, open_front
from tests.world import begin_journal, make_hands

WORDS = "the lock in the org was lost: somebody deleted it"
OLD: dict[str, Any] = {
    "deviceTypes": [{"id": "pump"}, {"id": "old"}],
    "devices": [
        {"typeId": "pump", "deviceId": "stays"},
        {"typeId": "pump", "deviceId": "goes"},
        {"typeId": "old", "deviceId": "o-1"},
    ],
}
NEW: dict[str, Any] = {
    "deviceTypes": [{"id": "pump", "description": "new"}, {"id": "new"}],
    "devices": [
        {"typeId": "pump", "deviceId": "stays", "metadata": {"n": 2}},
        {"typeId": "new", "deviceId": "comes"},
    ],
    "removedDeviceTypes": ["old"],
}


class LostAfter:
    """A guard that lets so many writes through."""

    def __init__(self, writes: int) -> None:
        self._left = writes

    def __call__(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise LockLostError(WORDS)


def apply_until_lost(front: Front, writes: int) -> tuple[list[Outcome], FleetsyncError | None]:
    plan = front.plan()
    with (
        Transport(front.connection()) as transport,
        TokenFile.open(front.secrets, org=plan.org) as tokens,
        begin_journal(front.folder, plan, platform_tokens=False) as journal,
    ):
        hands = make_hands(transport.guarded(LostAfter(writes)), tokens, journal, plan)
        outcomes = list(apply_plan(plan, hands))
        tokens.settle()
    return outcomes, hands.fatal


@pytest.mark.parametrize("writes", range(7))
def test_nothing_is_sent_after_the_lock_was_lost(tmp_path: Path, writes: int) -> None:
    with open_front(tmp_path) as front:
        front.write(OLD)
        front.run()
        front.write(NEW)
        front.asked.clear()
        outcomes, fatal = apply_until_lost(front, writes)
        assert len(front.writes()) == min(writes, 6)
        ended = [outcome.status.value for outcome in outcomes]
        assert len(ended) == 7
        if writes < 6:
            assert isinstance(fatal, LockLostError)
            assert str(fatal) == WORDS
            assert "done" not in ended[ended.index("failed") :]
        front.run()
        assert front.plan().changes == ()
        assert sorted(front.tokens()) == ["new/comes", "pump/stays"]
