"""Read manifest files into the fleet they declare."""

from __future__ import annotations

from fleetsync.manifest.load import load_fleet
from fleetsync.manifest.search import Found, find_files
from fleetsync.manifest.tables import find_tables

__all__ = ["Found", "find_files", "find_tables", "load_fleet"]
