from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder)]
    subprocess.run([*command, str(TOP)], check=True, timeout=240)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_schemas_and_the_type_marker(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in ("fleet", "manifest", "plan"):
        assert f"fleetsync/schemas/{name}.schema.json" in names
    for asset in ("page.css", "main.js", "map.js", "world.json"):
        assert f"fleetsync/report/html/assets/{asset}" in names
    assert "fleetsync/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "examples/"))]


def test_the_wheel_works_in_a_clean_environment(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True, timeout=120)
    binaries = tmp_path / "venv" / "bin"
    subprocess.run(
        [binaries / "python", "-m", "pip", "install", "--quiet", str(wheel)],
        check=True,
        timeout=240,
    )
    fleet = tmp_path / "fleet"
    (fleet / "manifests").mkdir(parents=True)
    (fleet / "fleet.yaml").write_text("fleet: wheel\norg: {emulator: .fleetsync/org.db}\n")
    (fleet / "manifests" / "pumps.yaml").write_text(
        "deviceTypes: [{id: pump}]\n"
        "devices: [{typeId: pump, deviceId: p-1, metadata: {a: {b: 1}}}]\n"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "WIOTP"))}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [binaries / "fleetsync", *words],
            cwd=fleet,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert run("validate").stdout == "wheel is valid: 1 device type, 1 device.\n"
    assert run("plan", "--exit-code").returncode == 3
    applied = run("apply", "--yes")
    assert (applied.returncode, applied.stderr) == (0, "")
    (fleet / "manifests" / "pumps.yaml").write_text(
        "deviceTypes: [{id: pump}]\n"
        "devices: [{typeId: pump, deviceId: p-1, metadata: {a: {b: 2}}}]\n"
    )
    plan = json.loads(run("plan", "--format", "json").stdout)
    assert run("plan", "--format", "html").stdout.startswith("<!doctype html>")
    assert plan["changes"][0]["fields"] == [{"path": "metadata.a.b", "before": 1, "after": 2}]
    bad = fleet / "manifests" / "bad.yaml"
    bad.write_text("devcies: []\n")
    assert run("validate").returncode == 7
    bad.unlink()
    missing = run("emulator")
    assert missing.returncode == 1
    assert "pip install 'fleetsync[emulator]'" in missing.stderr
