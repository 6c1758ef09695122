"""Say which certificates are trusted: the public authorities, and the one that caFile names."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from fleetsync.errors import FileError

if TYPE_CHECKING:
    from pathlib import Path


def trust_context(ca_file: Path | None) -> ssl.SSLContext:
    """Make the one TLS context of a connection: certificates and host names are always verified.

    Made once, for it costs some 30 ms. REQUESTS_CA_BUNDLE and its like are not read: they would
    silently override caFile. A caFile that is missing or holds no certificate raises FileError.
    """
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # platform page 1.3
    if ca_file is not None:
        _add(context, ca_file)
    return context


def _add(context: ssl.SSLContext, ca_file: Path) -> None:
    try:
        text = ca_file.read_text("ascii", "ignore")
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise FileError(f"{ca_file}: {reason}; caFile must name a readable PEM file") from None
    try:
        # The text, not the file: what was read is what is trusted.
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        raise FileError(
            f"{ca_file}: no certificate in it; caFile must hold one or more in PEM form "
            "(-----BEGIN CERTIFICATE-----)"
        ) from None
