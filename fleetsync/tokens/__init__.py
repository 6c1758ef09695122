"""Make device tokens; keep them masked in memory, private and safe on disk."""

from __future__ import annotations

from fleetsync.tokens.file import TokenFile, read_tokens
from fleetsync.tokens.guard import check_secrets_path
from fleetsync.tokens.line import Entry
from fleetsync.tokens.make import make_token

__all__ = ["Entry", "TokenFile", "check_secrets_path", "make_token", "read_tokens"]
