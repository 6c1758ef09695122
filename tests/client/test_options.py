"""Options out of a dictionary, a file and the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fleetsync.client import (
    ApplicationClient,
    ApplicationOptions,
    CredentialsError,
    UsageError,
    options_from_env,
    options_from_file,
    options_of,
)
from fleetsync.model.credentials import Credentials
from tests.client.conftest import KEY, TOKEN

PAIR = Credentials(KEY, TOKEN)
CLOUD = "https://abc123.internetofthings.ibmcloud.com"
FLAT = {"auth-method": "apikey", "auth-key": KEY, "auth-token": TOKEN}
NESTED: dict[str, Any] = {"auth": {"key": KEY, "token": TOKEN}}


def expected(**more: Any) -> ApplicationOptions:
    """What the dictionary shall mean; an address that no domain is named for is the cloud's."""
    if "url" not in more:
        more["domain"] = "internetofthings.ibmcloud.com"
    elif "domain" not in more and more["url"].endswith((".example.com", ".ibmcloud.com")):
        more["domain"] = more["url"].partition(".")[2]
    return ApplicationOptions(**{"org": "abc123", "url": CLOUD, "credentials": PAIR, **more})


DICTIONARIES: list[tuple[dict[str, Any], ApplicationOptions]] = [
    (FLAT, expected()),
    ({**FLAT, "org": "abc123", "id": "app"}, expected(app_id="app")),
    ({**FLAT, "orgId": "other1", "appId": "app", "clean-session": False},
     expected(org="other1", url=CLOUD.replace("abc123", "other1"), app_id="app",
              clean_session=False)),
    ({**FLAT, "clean-session": "false"}, expected(clean_session=False)),
    ({**FLAT, "clean-session": "true", "type": "shared", "port": 8883},
     expected(shared=True, messaging_port=8883)),
    ({**FLAT, "transport": "websockets", "keepAlive": "30", "port": "443"},
     expected(websocket=True, keep_alive=30, messaging_port=443)),
    ({**NESTED, "options": {"mqtt": {"caFile": "mqtt.pem", "cleanStart": False, "keepAlive": 5,
                                     "transport": "tcp", "sessionExpiry": 3600}}},
     expected(messaging_ca_file=Path("mqtt.pem"), clean_session=False, keep_alive=5)),
    ({**NESTED, "options": {"mqtt": {"caFile": "_os_"}}}, expected()),
    ({**FLAT, "type": "standalone", "messagingUrl": "mqtts://h.example"},
     expected(messaging_url="mqtts://h.example")),
    ({**NESTED, "options": {"mqtt": {"instanceId": "i-1"}}}, expected(instance="i-1")),
    ({**FLAT, "domain": "iot.example.com"}, expected(url="https://abc123.iot.example.com")),
    ({**FLAT, "host": "localhost:8443"}, expected(url="https://localhost:8443")),
    ({**FLAT, "url": "http://127.0.0.1:1"}, expected(url="http://127.0.0.1:1")),
    ({**FLAT, "caFile": "ca.pem", "callsPerSecond": 3, "org": None},
     expected(ca_file=Path("ca.pem"), calls_per_second=3)),
    (NESTED, expected()),
    ({**NESTED, "identity": {"appId": "app"},
      "options": {"domain": "iot.example.com", "logLevel": "debug", "http": {"verify": True},
                  "mqtt": {"port": 443, "cleanStart": True}}},
     expected(url="https://abc123.iot.example.com", app_id="app", messaging_port=443)),
    ({**NESTED, "options": {"http": {"verify": "ca.pem"}}}, expected(ca_file=Path("ca.pem"))),
    ({"auth-key": "a-ws-north-0123456789", "auth-token": TOKEN},
     expected(org="ws-north", url=CLOUD.replace("abc123", "ws-north"),
              credentials=Credentials("a-ws-north-0123456789", TOKEN))),
]  # fmt: skip


@pytest.mark.parametrize(("given", "options"), DICTIONARIES)
def test_a_dictionary_says_it(given: dict[str, Any], options: ApplicationOptions) -> None:
    assert options_of(given, {}) == options


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({}, CredentialsError, "auth-key is missing"),
    ({"auth-key": KEY}, CredentialsError, "auth-token is missing"),
    ({**FLAT, "auth-token": "with space"}, CredentialsError, "auth-token holds a space"),
    ({**FLAT, "auth-method": "token"}, UsageError, "only auth-method is apikey"),
    ({**FLAT, "transport": "udp"}, UsageError, "must be tcp or websockets"),
    ({**FLAT, "port": 70_000}, UsageError, "from 1 to 65535"),
    ({**FLAT, "keepAlive": "long"}, UsageError, "must be a whole number"),
    ({**FLAT, "orgid2": "x"}, UsageError, "did you mean orgId"),
    ({**FLAT, "nonsense": "x"}, UsageError, "there is no option 'nonsense'"),
    ({**FLAT, "org": 7}, UsageError, "org must be a text"),
    ({**FLAT, "org": "a/b"}, UsageError, "letters, digits"),
    ({**FLAT, "clean-session": "perhaps"}, UsageError, "true or false"),
    ({**FLAT, "callsPerSecond": "many"}, UsageError, "whole number"),
    ({**NESTED, "options": {"http": {"verify": False}}}, UsageError, "always verified"),
    ({"auth-key": "key", "auth-token": TOKEN}, UsageError, "no org is named"),
]


@pytest.mark.parametrize(("given", "kind", "words"), BAD)
def test_what_makes_no_sense_is_refused_without_a_secret(
    given: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words) as caught:
        options_of(given, {})
    assert TOKEN not in repr(caught.value)


@pytest.mark.parametrize("url", ["http://example.com", "https://user:pw@example.com", "ftp://x"])
def test_an_unsafe_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        ApplicationClient(options_of({**FLAT, "url": url}, {}))


def test_the_files_of_both_older_clients_are_read(tmp_path: Path) -> None:
    ini = f"""[application]
org=abc123
id=myApplication
auth-method=apikey
auth-key={KEY}
auth-token={TOKEN}
clean-session=false
callsPerSecond=2
"""
    yaml = f"""identity:
  appId: myApplication
auth: {{key: {KEY}, token: {TOKEN}}}
options:
  domain: iot.example.com
  mqtt: {{port: 443}}
"""
    (tmp_path / "app.cfg").write_text(ini, "utf-8")
    (tmp_path / "app.yaml").write_text(yaml, "utf-8")
    for file in tmp_path.iterdir():
        file.chmod(0o600)
    named = {"app_id": "myApplication"}
    assert options_from_file(tmp_path / "app.cfg", {}) == expected(
        **named, clean_session=False, calls_per_second=2
    )
    assert options_from_file(str(tmp_path / "app.yaml"), {}) == expected(
        **named, url="https://abc123.iot.example.com", messaging_port=443
    )
    (tmp_path / "app.cfg").chmod(0o644)
    assert "other users may read" in options_from_file(tmp_path / "app.cfg", {}).warnings[0]
    with pytest.raises(CredentialsError, match="cannot be read"):
        options_from_file(tmp_path / "nothing", {})


def test_the_environment_says_it() -> None:
    env = {"WIOTP_AUTH_KEY": KEY, "WIOTP_AUTH_TOKEN": TOKEN}
    assert options_from_env(env) == expected()
    more = {"WIOTP_IDENTITY_APPID": "app", "WIOTP_OPTIONS_DOMAIN": "iot.example.com"}
    mqtt = {"PORT": "443", "TRANSPORT": "websockets", "CAFILE": "c.pem", "CLEANSTART": "false"}
    of_mqtt = {f"WIOTP_OPTIONS_MQTT_{name}": text for name, text in mqtt.items()}
    assert options_from_env({**env, **of_mqtt}) == expected(
        messaging_port=443, websocket=True, messaging_ca_file=Path("c.pem"), clean_session=False
    )
    assert options_from_env({**env, **more}) == expected(
        app_id="app", url="https://abc123.iot.example.com"
    )
    with pytest.raises(UsageError, match="always verified"):
        options_from_env({**env, "WIOTP_OPTIONS_HTTP_VERIFY": "False"})
    with pytest.raises(CredentialsError):
        options_from_env({})


def test_the_address_in_the_environment_counts_where_no_option_names_one() -> None:
    env = {
        "FLEETSYNC_ORG_URL": "http://127.0.0.1:8080",
        "FLEETSYNC_MESSAGING_URL": "mqtt://127.0.0.1:1883",
    }
    assert options_of(FLAT, env).url == "http://127.0.0.1:8080"
    assert options_of(FLAT, env).messaging_url == "mqtt://127.0.0.1:1883"
    assert options_of({**FLAT, "host": "h.example"}, env).messaging_url is None
    assert options_of({**FLAT, "org": "abc123"}, env).url == "http://127.0.0.1:8080"
    assert options_of({**FLAT, "domain": "d.example"}, env).url == "https://abc123.d.example"
    assert options_of({**FLAT, "host": "h.example"}, env).url == "https://h.example"


def test_options_show_no_secret() -> None:
    assert TOKEN not in repr(options_of({**FLAT}, {}))
