"""Let one apply at a time work: on a fleet's folder, and on its org if fleet.yaml says so.

``folder`` locks the folder, ``org`` the org. What a lock in the org says is in ``record``; how it
is taken, kept and given back, step by step and without sending anything, in ``contender``.
"""

from __future__ import annotations

from fleetsync.lock.folder import lock_fleet

__all__ = ["lock_fleet"]
