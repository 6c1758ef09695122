from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest
from jsonschema import Draft202012Validator

from fleetsync.cli.main import COMMANDS, cli
from fleetsync.emulator.switches import describe_switches
from fleetsync.errors import FleetsyncError

TOP = Path(__file__).parent.parent
README = (TOP / "README.md").read_text("utf-8")
SCHEMAS = ("fleet", "manifest", "plan", "events", "drift", "rotation", "status")


def commands() -> list[tuple[str, click.Command]]:
    context = click.Context(cli)
    found = [(name, cli.get_command(context, name)) for name in cli.list_commands(context)]
    return [(name, command) for name, command in found if command is not None]


@pytest.mark.parametrize(("name", "command"), commands())
def test_every_command_and_option_is_in_the_readme(name: str, command: click.Command) -> None:
    assert f"`fleetsync {name}" in README
    for parameter in command.params:
        for option in parameter.opts:
            if option.startswith("-"):
                assert re.search(rf"`{re.escape(option)}\b", README), option


@pytest.mark.parametrize(("name", "command"), commands())
def test_help_explains_with_an_example(name: str, command: click.Command) -> None:
    assert command.help is not None
    assert f"fleetsync {name}" in command.help
    assert "Example" in command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


@pytest.mark.parametrize(("name", "command"), commands())
def test_the_short_help_of_a_command_is_its_own(name: str, command: click.Command) -> None:
    first = (command.help or "").splitlines()[0]
    assert first == COMMANDS[name]


def test_exit_codes_of_the_readme_are_those_of_the_errors() -> None:
    table = dict(re.findall(r"^\| (\d+) \| (.+) \|$", README, re.M))
    kinds: list[type[FleetsyncError]] = [FleetsyncError, *subclasses(FleetsyncError)]
    assert {kind.exit_code for kind in kinds} <= {int(code) for code in table}
    assert set(table) == {"0", "1", "2", "3", "4", "5", "6", "7", "8", "130"}


def subclasses(kind: type[FleetsyncError]) -> list[type[FleetsyncError]]:
    return [each for sub in kind.__subclasses__() for each in (sub, *subclasses(sub))]


def test_links_of_the_documents_lead_somewhere() -> None:
    for document in (TOP / "README.md", TOP / ".github" / "CONTRIBUTING.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text("utf-8")):
            assert (document.parent / target).exists() or (TOP / target).exists(), target


def test_the_readme_names_each_dependency_with_its_reason() -> None:
    project = (TOP / "pyproject.toml").read_text("utf-8")
    block = re.search(r"^dependencies = \[(.*?)^\]", project, re.M | re.S)
    assert block is not None
    for name in re.findall(r'"([A-Za-z0-9]+)', block[1]):
        assert f"\n| {name} " in README


def test_every_switch_of_the_emulator_is_described() -> None:
    for switch in describe_switches():
        assert all(str(part).strip() for part in switch)


def fields_of(node: Any, path: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every property that a schema defines, wherever it stands."""
    found: list[tuple[str, dict[str, Any]]] = []
    if isinstance(node, dict):
        for name, inner in node.get("properties", {}).items():
            found.append((f"{path}.{name}", inner))
        for name, inner in node.items():
            found += fields_of(inner, f"{path}/{name}")
    elif isinstance(node, list):
        for inner in node:
            found += fields_of(inner, path)
    return found


def schema_named(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((TOP / "schemas" / f"{name}.schema.json").read_text())
    return loaded


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_of_a_schema_is_explained_with_an_example(name: str) -> None:
    schema = schema_named(name)
    Draft202012Validator.check_schema(schema)
    for path, field in fields_of(schema):
        target = {**schema["$defs"].get(field.get("$ref", "").rpartition("/")[2], {}), **field}
        assert target.get("description", "").strip(), path
        assert target.get("examples"), path


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_examples_of_a_schema_fit_it(name: str) -> None:
    schema = schema_named(name)
    for path, field in fields_of(schema):
        validator = Draft202012Validator({**field, "$defs": schema.get("$defs", {})})
        for example in field.get("examples", []):
            assert validator.is_valid(example), (path, example)


def test_the_readme_tells_every_event_with_its_facts() -> None:
    section = README.partition("### Events for machines")[2].partition("\n### ")[0]
    rows = [row.split(" | ") for row in re.findall(r"^\| (`.*) \|$", section, re.M)]
    told = {
        event: set(re.findall(r"`(\w+)`", facts))
        for events, _, facts in rows
        for event in re.findall(r"`(\w+)`", events)
    }
    forms = [form["properties"] for form in schema_named("events")["oneOf"]]
    assert told.keys() == {form["event"]["const"] for form in forms}
    for row in rows:
        events = re.findall(r"`(\w+)`", row[0])
        facts = set().union(*(f.keys() for f in forms if f["event"]["const"] in events))
        assert told[events[0]] == facts - {"event", "version", "sequence", "time"}, events
