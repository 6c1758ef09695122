"""Run fleetsync as ``python -m fleetsync``."""

from __future__ import annotations

from fleetsync.cli.main import main

if __name__ == "__main__":
    main()
