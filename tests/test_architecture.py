from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "fleetsync"

MAY_IMPORT: dict[str, set[str]] = {
    "__init__": set(),
    "__main__": {"cli"},
    "errors": set(),
    "model": set(),
    "escape": {"model"},
    "address": set(),
    "batch": set(),
    "stop": set(),
    "manifest": {"errors", "model", "batch", "escape"},
    "policy": {"errors", "model", "escape", "manifest", "diff", "plan"},
    "settings": {"errors", "model", "escape", "address", "manifest", "plan", "policy"},
    "workdir": set(),
    "lock": {"errors", "model", "batch", "escape", "workdir", "api"},
    "tokens": {"errors", "model", "escape"},
    "api": {"__init__", "errors", "model", "batch", "escape", "address"},
    "journal": {"errors", "model", "workdir"},
    "diff": {"model", "journal"},
    "drift": {"model", "journal", "diff"},
    "rewrite": {"errors", "model", "escape", "manifest", "drift"},
    "revision": {"errors", "escape"},
    "listing": {"model", "workdir"},
    "shrinkage": {"model"},
    "status": {"model"},
    "live": {"errors", "model", "api", "diff", "shrinkage"},
    "plan": {"errors", "model", "batch", "journal", "diff"},
    "apply": {
        "errors",
        "model",
        "batch",
        "escape",
        "api",
        "tokens",
        "journal",
        "diff",
        "plan",
        "stop",
    },
    "report": {
        "errors",
        "model",
        "escape",
        "journal",
        "diff",
        "drift",
        "plan",
        "apply",
        "messaging",
        "status",
    },
    "forge": {"errors", "model", "escape", "address", "diff", "plan", "report"},
    "client": {
        "errors",
        "model",
        "batch",
        "escape",
        "address",
        "settings",
        "api",
        "messaging",
    },
    "compat": {"settings", "client", "messaging"},
    "messaging": {"errors", "model", "escape", "address", "api"},
    "emulator": {"errors"},
}
"""Who may import whom; `cli` may import everything. The data flows one way."""

PURE = {
    "errors",
    "model",
    "escape",
    "batch",
    "shrinkage",
    "diff",
    "drift",
    "plan",
    "policy",
    "report",
    "status",
}
IMPURE_MODULES = {
    "os",
    "socket",
    "ssl",
    "subprocess",
    "requests",
    "urllib",
    "urllib3",
    "pathlib",
    "shutil",
    "tempfile",
    "sqlite3",
    "threading",
    "time",
    "random",
    "secrets",
    "click",
    "yaml",
}
HEAVY = {
    "requests",
    "jsonschema",
    "deepdiff",
    "yaml",
    "cheroot",
    "trustme",
    "sqlite3",
    "cel_expr_python",
    "paho",
    "wsproto",
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = node.module or ""
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                is_module = (PACKAGE.parent / Path(*inner.split("."))).with_suffix(".py").exists()
                found.add(inner if is_module else module)
    return found


@pytest.mark.parametrize("path", modules(), ids=module_name)
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    room = room_of(module_name(path))
    if room == "cli":
        return
    ours = {room_of(name) for name in imports_of(path) if name.split(".")[0] == "fleetsync"}
    assert ours - {room} <= MAY_IMPORT[room]


@pytest.mark.parametrize(
    "path", [p for p in modules() if room_of(module_name(p)) in PURE], ids=module_name
)
def test_a_pure_room_does_not_touch_the_world(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports_of(path)} & IMPURE_MODULES


@pytest.mark.parametrize(
    "path", [p for p in modules() if room_of(module_name(p)) in PURE], ids=module_name
)
def test_a_pure_room_knows_of_the_journal_only_what_it_tells(path: Path) -> None:
    known = {name for name in imports_of(path) if room_of(name) == "journal"}
    assert known <= {f"fleetsync.journal.{name}" for name in ("entry", "run", "run_id")}


def test_every_room_has_its_arrows_written_down() -> None:
    rooms = {room_of(module_name(path)) for path in modules()} - {"cli"}
    assert rooms == set(MAY_IMPORT)


def test_no_module_imports_itself_through_others() -> None:
    names = {module_name(path) for path in modules()}
    graph = {
        module_name(path): {n for n in imports_of(path) if n in names and n != module_name(path)}
        for path in modules()
    }
    for name, found in graph.items():
        found.discard(name.rpartition(".")[0])  # Python loads the package along with its module
    list(TopologicalSorter(graph).static_order())


def test_only_the_metadata_module_uses_deepdiff() -> None:
    users = [module_name(p) for p in modules() if "deepdiff" in imports_of(p)]
    assert users == ["fleetsync.diff.metadata"]


def test_only_the_expressions_of_policies_use_cel() -> None:
    users = [
        module_name(path)
        for path in modules()
        if any(name.startswith("cel_expr_python") for name in imports_of(path))
    ]
    assert users == ["fleetsync.policy.expression"]


def test_only_the_connection_of_messages_uses_paho() -> None:
    users = [
        module_name(path)
        for path in modules()
        if any(name.startswith("paho") for name in imports_of(path))
    ]
    assert users == ["fleetsync.messaging.connection"]


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["plan", "--nonsense"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from fleetsync.cli.main import run\n"
        f"run({arguments!r})\n"
        "print('LOADED', *sorted({n.split('.')[0] for n in sys.modules}))"
    )
    heavy = (
        HEAVY if arguments[0].startswith("--") else {"jsonschema", "deepdiff", "cheroot", "trustme"}
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.split("LOADED")[1].split())
    assert not loaded & heavy


SNIPPET = """
from fleetsync.api.registry import Registry
from fleetsync.api.transport import Reader
from fleetsync.model import DeviceKey, Location

def tamper(registry: Registry, reader: Reader) -> None:
"""


def test_what_plan_is_handed_has_no_method_that_writes(tmp_path: Path) -> None:
    calls = [
        "add_devices([])",
        "remove_devices([])",
        "add_device_type({})",
        "update_device_type('x', {})",
        "delete_device_type('x')",
        "update_device(DeviceKey('x', 'y'), {})",
        "put_location(DeviceKey('x', 'y'), Location(1, 2))",
    ]
    body = "".join(f"    registry.{call}\n" for call in calls)
    body += "    reader.post(('a',), b'')\n    reader.put(('a',), b'')\n    reader.delete(('a',))\n"
    source = tmp_path / "tamper.py"
    source.write_text(SNIPPET + body, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", str(source)],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    errors = [line for line in done.stdout.splitlines() if "has no attribute" in line]
    assert len(errors) == len(calls) + 3, done.stdout


def test_plan_and_live_name_no_class_that_writes() -> None:
    for name in ("live.py", "cli/plan.py", "cli/drift.py"):
        imported = imports_of(PACKAGE / name)
        source = (PACKAGE / name).read_text("utf-8")
        assert "fleetsync.api.writer" not in imported
        assert "Transport" not in source
