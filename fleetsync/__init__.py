"""fleetsync keeps a fleet of IoT devices in git."""

from __future__ import annotations

__version__ = "0.1.0"
