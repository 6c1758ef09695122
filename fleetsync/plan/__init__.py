"""Order changes, weigh their risk, count their cost, save and load them."""

from __future__ import annotations

from fleetsync.plan.limits import Limits, Refusal, RefusalCode
from fleetsync.plan.plan import STAGES, Plan, PlanRules, make_plan

__all__ = ["STAGES", "Limits", "Plan", "PlanRules", "Refusal", "RefusalCode", "make_plan"]
