"""Be the org: the registry of the platform, kept in SQLite, in the process or on a port.

The rooms of ``api`` and ``model`` are not used here on purpose: a misreading of the platform that
both sides shared would pass every test.
"""

from __future__ import annotations
