"""Read fleet.yaml; every problem in it is reported in one run."""

from __future__ import annotations

import stat
from dataclasses import replace
from typing import TYPE_CHECKING

from fleetsync.address import url_fault
from fleetsync.errors import ManifestError, Problem, UsageError
from fleetsync.escape import shown
from fleetsync.manifest.document import parse_yaml
from fleetsync.manifest.places import Place, Places, Subject
from fleetsync.manifest.schema import check_value
from fleetsync.settings.policies import read_policies
from fleetsync.settings.rule import secret_spots, settings_problems
from fleetsync.settings.settings import (
    DEFAULT_DOMAIN,
    DeleteLimits,
    EmbeddedOrg,
    Org,
    OrgId,
    OrgUrl,
    Secrets,
    Settings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from fleetsync.manifest.document import Document
    from fleetsync.model import JSON
    from fleetsync.policy.policy import Policy


def load_settings(file: Path, *, org_url: str | None = None) -> Settings:
    """Read the settings of a fleet; ``org_url`` stands in for the address that the file names.

    Raises ManifestError with every problem of the file, UsageError for a bad ``org_url``.
    """
    other = None if org_url is None else _org_of_option(org_url)
    value, policies = _checked(_read(file), shown(file.name), file.parent)
    return replace(_settings(value, file, other), policies=policies)


def declared_manifests(file: Path) -> tuple[str, ...] | None:
    """Give the manifests that a settings file names, whatever else is wrong with it; None: unknown.

    So that the problems of the manifests can be told in the same run as its own.
    """
    try:
        documents = parse_yaml(_read(file), file=shown(file.name)).documents
    except ManifestError:
        return None
    value = documents[0].value if documents else None
    patterns = value.get("manifests", ["manifests"]) if isinstance(value, dict) else None
    if not isinstance(patterns, list) or not all(isinstance(each, str) for each in patterns):
        return None
    return tuple(map(str, patterns))


def _org_of_option(url: str) -> OrgUrl:
    fault = url_fault(url)
    if fault:
        raise UsageError(f"--org-url: the URL {fault}")
    return OrgUrl(url)


def _read(file: Path) -> bytes:
    try:
        if stat.S_ISREG(file.stat().st_mode):
            return file.read_bytes()
        words = "this is not a file: name the settings file with --fleet FILE"
    except FileNotFoundError:
        words = (
            "there is no such file: use -C DIR or --fleet FILE to say where it is, "
            "or write one; two lines are enough: fleet: NAME and org: {id: ORG}"
        )
    except OSError as error:
        words = (
            f"the settings file cannot be read: {error.strerror}; mend that, or use --fleet FILE"
        )
    raise ManifestError([Problem(shown(str(file)), 1, 1, words)])


def _checked(
    content: bytes, name: str, folder: Path
) -> tuple[Mapping[str, JSON], tuple[Policy, ...]]:
    """Give the one document of the file and its policies, or raise ManifestError."""
    parsed = parse_yaml(content, file=name, places=True)
    if not parsed.documents:
        empty = Problem(name, 1, 1, 'the settings file is empty: it needs "fleet" and "org"')
        raise ManifestError(parsed.problems or [empty])
    first, *others = parsed.documents
    subject = _subject(first, name)
    read = read_policies(first.value, subject, folder)
    problems = _problems(first, subject, [*parsed.problems, *read.problems])
    problems += [_one_too_many(name, other.line) for other in others]
    if problems or not isinstance(first.value, dict):
        raise ManifestError(problems)
    return first.value, read.policies


def _one_too_many(name: str, line: int) -> Problem:
    words = "a settings file holds one YAML document: take this one out, with the --- before it"
    return Problem(name, line, 1, words)


def _subject(document: Document, name: str) -> Subject:
    places = document.places or Places(document.value, Place(document.line, 1), {})
    return Subject(name, places)


def _problems(document: Document, subject: Subject, known: Sequence[Problem]) -> list[Problem]:
    secret = secret_spots(document.value, subject)
    problems = [problem for problem in known if problem[:3] not in secret]
    problems += settings_problems(document.value, subject)
    return problems + check_value(
        document.value,
        schema="fleet",
        file=subject.file,
        places=lambda: subject.places,
        known=problems,
    )


def _settings(value: Mapping[str, JSON], file: Path, other: Org | None) -> Settings:
    """Fill in the defaults; the schema has seen to the types."""
    folder = file.parent
    org, secrets = _mapping(value.get("org")), _mapping(value.get("secrets"))
    ca_file, manifests = org.get("caFile"), value.get("manifests", ["manifests"])
    return Settings(
        fleet=str(value["fleet"]),
        folder=folder,
        file=file,
        org=other or _org(org, folder),
        ca_file=None if ca_file is None else folder / str(ca_file),
        calls_per_second=_whole(org.get("callsPerSecond", 8)),
        manifests=tuple(map(str, manifests)) if isinstance(manifests, list) else (),
        prune=value.get("prune") is not False,
        limits=_limits(_mapping(value.get("limits"))),
        secrets=Secrets(
            folder / str(secrets.get("file", "secrets/tokens.jsonl")),
            "platform" if secrets.get("tokens") == "platform" else "client",
        ),
        lock="org" if value.get("lock") == "org" else "folder",
        messaging_url=None if other or "messagingUrl" not in org else str(org["messagingUrl"]),
    )


def _org(org: Mapping[str, JSON], folder: Path) -> Org:
    if "url" in org:
        return OrgUrl(str(org["url"]))
    if "emulator" in org:
        return EmbeddedOrg(folder / str(org["emulator"]))
    return OrgId(str(org["id"]), str(org.get("domain", DEFAULT_DOMAIN)))


def _limits(limits: Mapping[str, JSON]) -> DeleteLimits:
    percent = limits.get("deletePercent", 10)
    return DeleteLimits(
        percent if isinstance(percent, (int, float)) else 10,
        _whole(limits.get("deleteCount", 3)),
    )


def _mapping(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, dict) else {}


def _whole(value: JSON) -> int:
    return int(value) if isinstance(value, (int, float)) else 0
