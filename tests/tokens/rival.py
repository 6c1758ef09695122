"""Write to a secrets file again and again while others do: ``python -m tests.tokens.rival``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from fleetsync.errors import SecretsError
from fleetsync.tokens import TokenFile
from tests.tokens.sample import DATE, entry


def run_once(path: Path, name: str) -> str:
    """Promise two tokens and retire one; give the client id of the other."""
    stays, goes = entry(name, f"token-{name}"), entry(f"{name}-old", f"token-{name}-old")
    with TokenFile.open(path, org="abc123") as tokens:
        tokens.promise([goes])
        time.sleep(0.002)
        tokens.promise([stays])
        tokens.retire([goes.client_id], run=name, at=DATE)
        tokens.settle()
    return stays.client_id


def main(path: Path, name: str, runs: int) -> None:
    kept: list[str] = []
    told: set[str] = set()
    while len(kept) < runs:
        try:
            kept.append(run_once(path, f"{name}-{len(kept)}"))
        except SecretsError as error:
            told.add(str(error))
            time.sleep(0.001)
    print(json.dumps({"kept": kept, "told": sorted(told)}))  # noqa: T201 - a test reads it


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
