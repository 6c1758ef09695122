"""How hard the fuzz tests try: FLEETSYNC_FUZZ_EXAMPLES multiplies what CI does."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

FACTOR = int(os.environ.get("FLEETSYNC_FUZZ_EXAMPLES", "1"))


def fuzzed(examples: int) -> settings:
    """Settings for a fuzz test that tries this many examples in CI."""
    return settings(
        max_examples=examples * FACTOR,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
