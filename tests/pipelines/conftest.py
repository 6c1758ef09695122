"""An org, a fleet's repository, and an owner whose public key the tokens are encrypted for."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forge.fake import Forge, run_forge
from tests.pipelines.hub import Remote
from tests.pipelines.org import Org, run_org
from tests.pipelines.owner import Owner


@pytest.fixture
def org() -> Iterator[Org]:
    with run_org() as running:
        yield running


@pytest.fixture
def forge() -> Iterator[Forge]:
    with run_forge() as running:
        yield running


@pytest.fixture
def remote(tmp_path: Path, org: Org, forge: Forge) -> Remote:
    return Remote(tmp_path, org, forge)


@pytest.fixture(scope="session")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    if shutil.which("gpg") is None:
        pytest.skip("tokens are encrypted by gpg, which .ci/run installs")
    home = tmp_path_factory.mktemp("g")
    made = Owner.make(home)
    yield made
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, timeout=60)
