"""Say which promises are broken once an apply that was cut off has been run again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.faults.rig import API_TOKEN, Rig, Start, Written
from tests.world import KEY

ADD = "POST /bulk/devices/add"
TYPES = "/device/types"
_FAULTS_OF_OURS = ("Traceback", "fleetsync itself is at fault")


def broken_promises(start: Start, wanted: dict[str, Any]) -> list[str]:
    """Give a sentence for each; ``wanted`` is what the org shall hold, as ``bare`` gives it."""
    rig = start.rig
    found = [
        *_org(rig, wanted),
        *_tokens(rig),
        *_old_devices(start, wanted),
        *_done_twice(start, wanted),
        *leaks(rig),
    ]
    end = rig.run("plan", "--exit-code")
    if end.code != 0:
        found.append(f"a plan ends with {end.code} afterwards: {rig.told[-2:]}")
    return found


def bare(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Give what an org holds without the marks of fleetsync."""
    return {
        kind: {name: _without_mark(body) for name, body in things.items()}
        for kind, things in snapshot.items()
    }


def timeless(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Give what an org holds without marks, and without the times that it measured itself."""
    there = bare(snapshot)
    for each in there["devices"].values():
        each.get("location", {}).pop("measuredDateTime", None)
    return there


def _without_mark(body: dict[str, Any]) -> dict[str, Any]:
    metadata = body.get("metadata")
    if not isinstance(metadata, dict) or "fleetsync" not in metadata:
        return body
    rest = {key: value for key, value in metadata.items() if key != "fleetsync"}
    return {**body, "metadata": rest}


def _org(rig: Rig, wanted: dict[str, Any]) -> Iterator[str]:
    there = bare(rig.front.snapshot)
    for kind, things in wanted.items():
        for name in sorted(things.keys() | there[kind].keys()):
            if things.get(name) != there[kind].get(name):
                yield f"{kind} {name} is {there[kind].get(name)}, not {things.get(name)}"


def _tokens(rig: Rig) -> Iterator[str]:
    """Hold the secrets file to exactly the valid tokens of the devices that we registered."""
    kept = rig.front.tokens()
    ours = {name for name, row in rig.registrations().items() if row.author == KEY.key}
    for name in sorted(ours - kept.keys()):
        yield f"the token of {name} is lost"
    for name in sorted(ours & kept.keys()):
        type_id, device_id = name.split("/")
        if not rig.front.org.state.check_token(type_id, device_id, kept[name]):
            yield f"the token of {name} is not valid"
    for name in sorted(kept.keys() - ours):
        yield f"the secrets file has a line of {name}, which is not there"
    for name, times in _lines(rig.front.secrets).items():
        if times > 1:
            yield f"the secrets file has {times} lines of {name}"


def _lines(secrets: Path) -> Counter[str]:
    """Count the lines of each device that are not retired; ValueError if one is not whole."""
    lines = secrets.read_bytes().splitlines() if secrets.exists() else []
    return Counter(entry["clientId"] for entry in map(json.loads, lines) if "clientId" in entry)


def _old_devices(start: Start, wanted: dict[str, Any]) -> Iterator[str]:
    now = start.rig.registrations()
    for name, before in start.registered.items():
        if name in wanted["devices"] and now.get(name) != before:
            yield f"{name} was registered anew"


def _done_twice(start: Start, wanted: dict[str, Any]) -> Iterator[str]:
    ledger = start.rig.ledger
    again = _registered_anew(start)
    for name, times in Counter(_added(ledger)).items():
        if times > 1 + again[name]:
            yield f"{name} was registered {times} times"
    for name in (name for each in ledger for name in each.removed):
        if name in wanted["devices"] and not again[name]:
            yield f"{name} was deleted, but the manifests keep it"
    made = Counter(w.body["id"] for w in ledger if w.call == f"POST {TYPES}" and w.status == 201)
    for name, times in made.items():
        if times > 1:
            yield f"type {name} was created {times} times"
    kept = {f"DELETE {TYPES}/{name}" for name in wanted["deviceTypes"]}
    yield from (f"{w.call} hits a type that the manifests keep" for w in ledger if w.call in kept)
    yield from _other_updates(ledger)


def _registered_anew(start: Start) -> Counter[str]:
    """Count the devices of these runs that may be deleted and registered again: token unknown."""
    if start.rig.plan.tokens != "platform":
        return Counter()
    new = set(_added(start.rig.ledger)) - start.registered.keys()
    return Counter(
        name for w in start.rig.ledger for name in w.removed if name in new and name not in w.usable
    )


def _added(ledger: list[Written]) -> Iterator[str]:
    """Name each device once for each time that the org truly registered it."""
    for each in ledger:
        yield from each.registered


def _other_updates(ledger: list[Written]) -> Iterator[str]:
    """Find updates of one thing that do not say the same."""
    said: dict[str, list[Any]] = {}
    for each in ledger:
        if each.asked.method == "PUT" and each.status < 300:
            said.setdefault(each.asked.path, []).append(_without_mark(each.body))
    for path, bodies in said.items():
        if any(body != bodies[0] for body in bodies):
            yield f"PUT {path} was sent with different bodies: {bodies}"


def leaks(rig: Rig) -> Iterator[str]:
    told = "".join(rig.told)
    for words in _FAULTS_OF_OURS:
        if words in told:
            yield f"somebody was shown: {told[told.index(words) :][:500]}"
    tokens = {API_TOKEN, *rig.front.tokens().values(), *_sent_tokens(rig.ledger)}
    places = {"the output": told, **_files(rig.folder, but=rig.front.secrets)}
    for place, text in places.items():
        if any(token in text for token in tokens):
            yield f"a token stands in {place}"


def _sent_tokens(ledger: list[Written]) -> Iterator[str]:
    for each in ledger:
        if each.call == ADD:
            items = [*each.body, *(each.answer if isinstance(each.answer, list) else ())]
            yield from (item["authToken"] for item in items if item.get("authToken"))


def _files(folder: Path, but: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text("utf-8", errors="replace")
        for path in folder.rglob("*")
        if path.is_file() and path != but
    }
