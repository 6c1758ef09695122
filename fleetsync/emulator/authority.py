"""Be a certificate authority for one run, so that clients can verify the emulator by TLS."""

from __future__ import annotations

import ipaddress
import re
import ssl
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fleetsync.emulator.errors import EmulatorError
from fleetsync.errors import ExtraMissingError

try:
    import trustme
except ImportError as error:
    raise ExtraMissingError(
        "TLS needs a package that is not installed; run: pip install 'fleetsync[emulator]'"
    ) from error

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEGIN = b"-----BEGIN CERTIFICATE-----"
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_LOCAL = ("localhost", "127.0.0.1", "::1")


class Authority:
    """A CA and a certificate of it for a host and for the names of an org below ``localhost``.

    Its private keys are in memory, but for the moment in which a server loads them.
    """

    def __init__(self, host: str, org: str) -> None:
        self._ca = trustme.CA(organization_name="fleetsync emulator")
        names = dict.fromkeys((*_LOCAL, *_names(host)))
        if _LABEL.fullmatch(org):
            names |= dict.fromkeys((f"{org}.localhost", f"{org}.messaging.localhost"))
        self._leaf = self._ca.issue_cert(*names)

    def write_certificate(self, path: Path) -> None:
        """Write the certificate of the CA; EmulatorError if the file holds anything else."""
        try:
            if path.exists() and not path.read_bytes().startswith(_BEGIN):
                raise EmulatorError(
                    f"{path}: is not a file of certificates, left untouched; name another file"
                )
            self._ca.cert_pem.write_to_path(str(path))
        except OSError as error:
            raise EmulatorError(
                f"{path}: the certificate cannot be written there: {error.strerror}; "
                "name another file"
            ) from error

    def server_context(self) -> ssl.SSLContext:
        """Return what a server needs to speak TLS, 1.2 or later (platform page 1.3)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._leaf.configure_cert(context)
        return context

    @contextmanager
    def server_pem(self) -> Iterator[Path]:
        """Give a file with the key and the certificate of the server, for its owner alone."""
        with self._leaf.private_key_and_cert_chain_pem.tempfile() as path:
            yield Path(path)


def _names(host: str) -> list[str]:
    """Return what a certificate can say of a host; of an address for all of them, nothing."""
    try:
        return [] if ipaddress.ip_address(host).is_unspecified else [host]
    except ValueError:
        return [host] if all(map(_LABEL.fullmatch, host.split("."))) else []
