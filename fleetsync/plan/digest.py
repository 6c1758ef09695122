"""Name a set of changes by a digest: the same changes give the same one, in whatever order."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from fleetsync.diff.change import Change, change_fields
from fleetsync.model.value import canonical


def change_digest(change: Change) -> bytes:
    """Digest one change: what is done to whom, from what to what; not why, nor where it stands."""
    fields = sorted(change_fields(change), key=lambda field: field.path)
    about = [change.action, change.kind, change.type_id, change.device_id, fields]
    return sha256(canonical(about)).digest()


def plan_digest(changes: Iterable[Change]) -> str:
    """Digest all changes, sorted, so that their order does not count."""
    whole = sha256()
    for digest in sorted(map(change_digest, changes)):
        whole.update(digest)
    return f"sha256:{whole.hexdigest()}"
