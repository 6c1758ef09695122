"""Measure what it costs to ask policies of N new devices: microseconds for each.

.venv/bin/python tests/benchmarks/bench_policies.py 100000
"""

from __future__ import annotations

import gc
import sys
import time
from typing import Any

from fleetsync.model import Source
from fleetsync.plan.policy import Severity
from fleetsync.policy.expression import compile_expression
from fleetsync.policy.fitting import compile_fitting
from fleetsync.policy.judge import judge
from fleetsync.policy.policy import Ask, Over, Policy, Rule, When
from tests.policy.test_judge import matter

METADATA = {"owner": "facilities", "floor": 7, "tags": ["a", "b"]}
OWNER = {"type": "string", "pattern": "^[a-z]+$"}
PLAIN: dict[str, Any] = {
    "properties": {"metadata": {"required": ["owner"], "properties": {"owner": OWNER}}}
}
OWNED = "has(device.metadata.owner) && device.metadata.owner.matches('^[a-z]+$')"
RULES: dict[str, tuple[Over, Rule]] = {
    "schema, own check": (Over.DEVICE, compile_fitting(PLAIN)),
    "schema, jsonschema": (Over.DEVICE, compile_fitting({**PLAIN, "uniqueItems": True})),
    "expression over devices": (Over.DEVICE, compile_expression(OWNED, Over.DEVICE)),
    "expression over changes": (
        Over.CHANGE,
        compile_expression("change.after == null || change.typeId == 'pump'", Over.CHANGE),
    ),
}


def main(count: int) -> None:
    about = matter({f"p-{number:07}": METADATA for number in range(count)})
    gc.freeze()
    print(f"{count} devices")
    for name, (over, rule) in RULES.items():
        policy = Policy("p", "m", Severity.ERROR, Source("f", 1), Ask(over, rule, When()))
        began = time.perf_counter()
        outcome = judge([policy], about)["p"]
        cost = (time.perf_counter() - began) / count * 1e6
        print(f"{name:25} {cost:6.1f} us  {outcome.status.value}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
