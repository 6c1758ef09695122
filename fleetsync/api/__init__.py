"""Speak with the org over HTTP: pages in, nouns out, and writes that tell the truth."""

from __future__ import annotations
