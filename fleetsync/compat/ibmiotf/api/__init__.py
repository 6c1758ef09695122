"""Every call of the guide under its own name."""

from __future__ import annotations

from fleetsync.compat.ibmiotf.api.client import ApiClient

__all__ = ["ApiClient"]
