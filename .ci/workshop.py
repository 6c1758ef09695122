"""Make the virtual environment that the other scripts work in."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
VENV = TOP / ".venv"
OLDEST = (3, 11)


def prepare(extras: str = "") -> Path:
    """Install fleetsync with its extras into .venv, unless that is done; give its bin folder."""
    if sys.version_info < OLDEST:
        sys.exit(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version}")
    folder = VENV / ("Scripts" if os.name == "nt" else "bin")
    stamp = VENV / f"installed{extras.replace('[', '-').replace(']', '')}"
    wanted = hashlib.sha256((TOP / "pyproject.toml").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        compile_all(folder)
        return folder
    if not (folder / "python").exists():
        print("Making .venv ...", flush=True)
        make()
    print(f"Installing fleetsync{extras} into .venv ...", flush=True)
    install = [folder / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--editable", f"{TOP}{extras}"], check=True)
    stamp.write_text(wanted)
    compile_all(folder)
    return folder


def compile_all(folder: Path) -> None:
    """Compile what changed: where Python may not, each of the many processes of tests would."""
    subprocess.run(
        [folder / "python", "-m", "compileall", "-q", TOP / "fleetsync", TOP / "tests"], check=True
    )


def make() -> None:
    """Make an empty virtual environment, or say what the system lacks."""
    try:
        venv.create(VENV, with_pip=True)
    except subprocess.CalledProcessError:
        sys.exit("Python's venv module lacks pip here; on Debian: apt install python3-venv")


def run(command: list[str | Path], *, folder: Path = TOP) -> None:
    """Run a command; end with its exit code if it fails."""
    code = subprocess.run(command, cwd=folder, check=False).returncode
    if code:
        sys.exit(code)
