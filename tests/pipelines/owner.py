"""Those who may read the tokens: they have the private key, and no pipeline has."""

from __future__ import annotations

import json
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path
from typing import NamedTuple


class Owner(NamedTuple):
    """An OpenPGP key pair in a folder of its own."""

    home: Path
    public: str

    @classmethod
    def make(cls, home: Path) -> Owner:
        home.chmod(0o700)
        words = ["--passphrase", "", "--quick-generate-key", "operators@example.com"]
        _gpg(home, *words, "future-default", "default", "1d")
        return cls(home, _gpg(home, "--armor", "--export", "operators@example.com").decode())

    def opened(self, sealed: Path) -> dict[str, bytes]:
        """Decrypt what a pipeline kept; give its files by their names."""
        with tarfile.open(fileobj=BytesIO(_gpg(self.home, "--decrypt", str(sealed)))) as archive:
            files = {member.name: archive.extractfile(member) for member in archive}
            return {name: file.read() for name, file in files.items() if file is not None}

    def tokens(self, sealed: Path, name: str = "./tokens.jsonl") -> dict[str, str]:
        """Give the tokens that a pipeline kept, by device."""
        lines = map(json.loads, self.opened(sealed)[name].decode().splitlines())
        return {line["deviceId"]: line["authToken"] for line in lines if "authToken" in line}


def _gpg(home: Path, *words: str) -> bytes:
    command = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode=loopback"]
    done = subprocess.run([*command, *words], check=True, capture_output=True, timeout=120)
    return done.stdout
