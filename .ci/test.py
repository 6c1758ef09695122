"""Run the tests; arguments go to pytest."""

from __future__ import annotations

import sys

from workshop import prepare, run

if __name__ == "__main__":
    python = prepare("[dev]") / "python"
    run([python, "-m", "pytest", "-n", "auto", "--dist", "worksteal", *sys.argv[1:]])
