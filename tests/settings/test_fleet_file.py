from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetsync.errors import ManifestError, UsageError
from fleetsync.manifest.schema_file import read_schema
from fleetsync.settings import (
    DeleteLimits,
    EmbeddedOrg,
    OrgId,
    OrgUrl,
    Secrets,
    Settings,
    load_settings,
)

CASES = Path(__file__).parent.parent / "cases" / "settings"
WHOLE = """\
fleet: emea-sensors
org:
  id: abc123
  domain: iot.maximo.example.com
  caFile: certs/ca.pem
  callsPerSecond: 4
manifests: [types.yaml, "sites/*.yaml"]
prune: false
limits: {deletePercent: 2.5, deleteCount: 7}
secrets: {file: vault/tokens.jsonl, tokens: platform}
lock: org
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "fleet.yaml"
    file.write_text(text, "utf-8")
    return file


def problems_of(file: Path) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        load_settings(file)
    assert caught.value.exit_code == 7
    return str(caught.value).splitlines()


def test_every_field_of_a_whole_file_is_read(tmp_path: Path) -> None:
    file = write(tmp_path, WHOLE)
    assert load_settings(file) == Settings(
        fleet="emea-sensors",
        folder=tmp_path,
        file=file,
        org=OrgId("abc123", "iot.maximo.example.com"),
        ca_file=tmp_path / "certs/ca.pem",
        calls_per_second=4,
        manifests=("types.yaml", "sites/*.yaml"),
        prune=False,
        limits=DeleteLimits(2.5, 7),
        secrets=Secrets(tmp_path / "vault/tokens.jsonl", "platform"),
        lock="org",
    )


def test_what_is_left_out_gets_the_defaults_of_the_contract(tmp_path: Path) -> None:
    file = write(tmp_path, "fleet: a\norg: {id: abc123}\n")
    assert load_settings(file) == Settings(
        fleet="a",
        folder=tmp_path,
        file=file,
        org=OrgId("abc123", "internetofthings.ibmcloud.com"),
        ca_file=None,
        calls_per_second=8,
        manifests=("manifests",),
        prune=True,
        limits=DeleteLimits(10, 3),
        secrets=Secrets(tmp_path / "secrets/tokens.jsonl", "client"),
        lock="folder",
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://abc123.iot.maximo.example.com",
        "https://proxy.example.com:8443/iot/",
        "http://127.0.0.1:8080",
        "http://127.8.9.1",
        "http://[::1]:8080",
        "http://localhost:1234/api/v0002",
        "HTTPS://EXAMPLE.COM",
    ],
)
def test_an_address_is_taken_as_it_is_written(tmp_path: Path, url: str) -> None:
    file = write(tmp_path, f"fleet: a\norg: {{url: '{url}'}}\n")
    assert load_settings(file).org == OrgUrl(url)
    other = write(tmp_path, "fleet: a\norg: {id: abc123}\n")
    assert load_settings(other, org_url=url).org == OrgUrl(url)


def test_an_embedded_org_is_kept_beside_fleet_yaml(tmp_path: Path) -> None:
    file = write(tmp_path, "fleet: a\norg: {emulator: .fleetsync/org.db}\n")
    assert load_settings(file).org == EmbeddedOrg(tmp_path / ".fleetsync/org.db")


def test_the_option_stands_in_for_the_address_and_nothing_else(tmp_path: Path) -> None:
    file = write(tmp_path, WHOLE)
    found = load_settings(file, org_url="https://other.example.com")
    assert found.org == OrgUrl("https://other.example.com")
    assert (found.calls_per_second, found.ca_file) == (4, tmp_path / "certs/ca.pem")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "must look like https://HOST"),
        ("abc123.example.com", "must look like https://HOST"),
        ("ftp://example.com", "must look like https://HOST"),
        ("https://", "must look like https://HOST"),
        ("https://[::1", "must look like https://HOST"),
        ("https://example.com:port", "must look like https://HOST"),
        ("https://example.com:99999", "must look like https://HOST"),
        ("https://exa mple.com", "must not hold a space, a backslash or a control character"),
        ("https://example.com\\x", "must not hold a space, a backslash or a control character"),
        ("https://example.com\n", "must not hold a space, a backslash or a control character"),
        (
            "https://a-abc123-k0dl0vqqrk:geheim@example.com",
            "holds a user name or a password: take it out, and put the API key and its token into "
            "WIOTP_AUTH_KEY and WIOTP_AUTH_TOKEN, or use --credentials FILE",
        ),
        (
            "https://example.com?token=geheim",
            "must end with its host or path: take out what follows the '?' or '#'",
        ),
        (
            "https://example.com#",
            "must end with its host or path: take out what follows the '?' or '#'",
        ),
        *(
            (
                url,
                "would show the credentials to everybody on the way: write https:// "
                "(http:// is only for an emulator on this machine)",
            )
            for url in (
                "http://example.com",
                "http://localhost.example.com",
                "http://10.0.0.1",
                "http://0.0.0.0:80",
                "http://127.0.0.1.example.com",
            )
        ),
    ],
)
def test_an_unsafe_or_odd_address_is_refused_in_the_option_and_in_the_file(
    tmp_path: Path, url: str, words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        load_settings(write(tmp_path, WHOLE), org_url=url)
    assert str(caught.value) == f"--org-url: the URL {words}"
    if url:
        file = write(tmp_path, f"fleet: a\norg:\n  url: {json.dumps(url)}\n")
        assert problems_of(file) == [f"fleet.yaml:3:8: org.url {words}"]


def cases() -> list[Any]:
    texts = (file.read_text("utf-8") for file in sorted(CASES.glob("*.yaml")))
    found = [case for text in texts for case in yaml.safe_load(text)]
    return [pytest.param(case["file"], case["problems"], id=case["name"]) for case in found]


@pytest.mark.parametrize(("text", "problems"), cases())
def test_each_problem_is_told_with_its_place_and_the_way_out(
    tmp_path: Path, text: str, problems: list[str]
) -> None:
    assert problems_of(write(tmp_path, text)) == [f"fleet.yaml:{line}" for line in problems]


SECRETS = ["PtBV-1RqIg4uh)_K", "a-abc123-k0dl0vqqrk", "0123456789", "1e5", "12345678", "geheim"]
PLACES = [
    "authKey: SECRET",
    "auth-token: SECRET",
    "WIOTP_AUTH_TOKEN: SECRET",
    "apiToken: [SECRET]",
    "credentials: {key: x, token: {is: SECRET}}",
    "password: SECRET\npassword: other",
    "limits: {secret: SECRET}",
    "secrets: {authToken: SECRET}",
    "policies: [{name: a, message: m, over: device, schema: {required: {token: SECRET}}}]",
    "policies: [{name: a, message: m, over: device, schema: {properties: {apiKey: SECRET}}}]",
    "policies: [{name: a, message: m, command: [x], environment: [A=SECRET], token: SECRET}]",
    "secrets: {tokens: SECRET}",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("place", PLACES)
def test_a_credential_is_a_problem_that_does_not_repeat_it(
    tmp_path: Path, place: str, secret: str
) -> None:
    text = f"fleet: a\norg: {{id: abc123}}\n{place}\n".replace("SECRET", secret)
    shown = "\n".join(problems_of(write(tmp_path, text)))
    assert secret not in shown
    assert "WIOTP_AUTH_KEY" in shown or "who makes the tokens" in shown


@pytest.mark.parametrize("place", ["fleet", "manifests", "org", "prune", "unknown"])
def test_an_api_key_is_a_problem_wherever_it_stands(tmp_path: Path, place: str) -> None:
    whole: dict[str, object] = {"fleet": "a", "org": {"id": "abc123"}}
    file = write(tmp_path, json.dumps({**whole, place: ["a-main-k0dl0vqqrk"]}))
    shown = "\n".join(problems_of(file))
    assert "this looks like an API key" in shown
    assert "k0dl0vqqrk" not in shown


def test_a_file_that_is_not_there_is_told_with_the_path_and_the_ways_out(tmp_path: Path) -> None:
    file = tmp_path / "no" / "fleet.yaml"
    assert problems_of(file) == [
        f"{file}:1:1: there is no such file: use -C DIR or --fleet FILE to say where it is, "
        "or write one; two lines are enough: fleet: NAME and org: {id: ORG}"
    ]


@pytest.mark.parametrize("kind", [stat.S_IFDIR, stat.S_IFIFO])
def test_what_is_not_a_file_is_told_at_once(tmp_path: Path, kind: int) -> None:
    file = tmp_path / "fleet.yaml"
    if kind == stat.S_IFDIR:
        file.mkdir()
    else:
        os.mkfifo(file)
    words = "this is not a file: name the settings file with --fleet FILE"
    assert problems_of(file) == [f"{file}:1:1: {words}"]


def test_a_path_that_cannot_be_looked_at_is_told(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("one")
    assert problems_of(tmp_path / "one") == [
        f"{tmp_path}/one:1:1: the settings file cannot be read: "
        "Too many levels of symbolic links; mend that, or use --fleet FILE"
    ]


def test_a_hostile_file_name_is_shown_harmlessly(tmp_path: Path) -> None:
    file = tmp_path / "fleet\x1b[31m\n.yaml"
    file.write_text("fleet: a\n")
    assert problems_of(file) == [
        r'fleet\x1b[31m\x0a.yaml:1:1: this settings file needs "org": add it'
    ]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from([*"abc", "id", "url", "file", "tokens"]), below, max_size=3
        )
    ),
    max_leaves=8,
)
keys = st.sampled_from(["fleet", "org", "manifests", "prune", "limits", "secrets", "other"])


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(keys, values))
def test_any_values_give_settings_or_problems_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, value: dict[str, object]
) -> None:
    file = write(tmp_path_factory.getbasetemp(), json.dumps(value))
    with suppress(ManifestError):
        load_settings(file)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_give_problems_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "fleet.yaml"
    file.write_bytes(content)
    with pytest.raises(ManifestError):
        load_settings(file)


def schemas_below(schema: Any) -> list[dict[str, Any]]:
    below = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    return [schema] + [deep for one in below for deep in schemas_below(one)]


def test_every_field_of_the_schema_is_explained_with_examples() -> None:
    for schema in schemas_below(read_schema("fleet")):
        assert schema["description"].endswith(".")
        assert schema["examples"]


def test_the_examples_and_defaults_of_the_schema_are_valid(tmp_path: Path) -> None:
    schema = read_schema("fleet")
    for example in schema["examples"]:
        load_settings(write(tmp_path, yaml.safe_dump(example)))
    for name, below in schema["properties"].items():
        for example in below["examples"]:
            value = {"fleet": "a", "org": {"id": "abc123"}, name: example}
            load_settings(write(tmp_path, yaml.safe_dump(value)))
    org = {"id": "abc123"}
    for name, below in schema["properties"]["org"]["properties"].items():
        for example in below["examples"]:
            here = {name: example} if name in {"id", "url", "emulator"} else {**org, name: example}
            load_settings(write(tmp_path, yaml.safe_dump({"fleet": "a", "org": here})))


def test_the_defaults_of_the_schema_are_those_of_the_code(tmp_path: Path) -> None:
    fields = read_schema("fleet")["properties"]
    org = fields["org"]["properties"]
    limits, secrets = fields["limits"]["properties"], fields["secrets"]["properties"]
    told = {
        "lock": fields["lock"]["default"],
        "manifests": fields["manifests"]["default"],
        "prune": fields["prune"]["default"],
        "org": {name: org[name]["default"] for name in ("domain", "callsPerSecond")},
        "limits": {name: field["default"] for name, field in limits.items()},
        "secrets": {name: field["default"] for name, field in secrets.items()},
    }
    bare = write(tmp_path, "fleet: a\norg: {id: abc123}\n")
    expected = load_settings(bare)
    org_told = {"id": "abc123", **told.pop("org")}
    whole = write(tmp_path, yaml.safe_dump({"fleet": "a", "org": org_told, **told}))
    assert load_settings(whole) == expected
