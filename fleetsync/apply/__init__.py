"""Carry out a plan, stage by stage, tokens first."""

from __future__ import annotations

from fleetsync.apply.hands import Hands
from fleetsync.apply.outcome import Outcome, Status
from fleetsync.apply.run import apply_plan

__all__ = ["Hands", "Outcome", "Status", "apply_plan"]
