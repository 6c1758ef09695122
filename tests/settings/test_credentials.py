from __future__ import annotations

import os
import threading
import traceback
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetsync.errors import CredentialsError
from fleetsync.model.credentials import Credentials
from fleetsync.settings import Found, find_credentials

KEY, TOKEN = "a-abc123-k0dl0vqqrk", "mJ7)eQ2%F&5t:=!Z#u"
PAIR = Credentials(KEY, TOKEN)
FORMS = "it must hold [application] with auth-key and auth-token, or YAML: auth: {key:, token:}"
LINE = f"this line cannot be read; {FORMS}"
NO_YAML = f"this is no valid YAML; {FORMS}"
NO_FORM = f"this is not a credentials file; {FORMS}"
EMPTY = "is empty; give it its value (in a pipeline: is the secret there for this branch?)"
SPACE = "holds a space or a line break, which no key or token does; copy it anew"
INI_BOTH = "the file must give both auth-key and auth-token"
YAML_BOTH = "the file must give both auth.key and auth.token"

INI = f"""\
# made by hand
[application]
org=abc123
id=myApplication
auth-method=apikey
auth-key={KEY}
auth-token={TOKEN}
clean-session=true
"""
YAML = f"""\
identity:
  appId: app1
auth:
  key: {KEY}
  token: {TOKEN}
options:
  domain: internetofthings.ibmcloud.com
  mqtt: {{port: 8883, caFile: null}}
"""


def write(folder: Path, text: str | bytes) -> Path:
    file = folder / "application.cfg"
    file.touch(mode=0o600)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def refusal(env: dict[str, str], file: Path | None = None) -> str:
    with pytest.raises(CredentialsError) as caught:
        find_credentials(env, file)
    assert caught.value.exit_code == 8
    return str(caught.value)


def test_the_environment_gives_the_pair_under_its_newer_names_first() -> None:
    new = {"WIOTP_AUTH_KEY": KEY, "WIOTP_AUTH_TOKEN": TOKEN}
    old = {"WIOTP_API_KEY": "a-old123-k0dl0vqqrk", "WIOTP_API_TOKEN": "old"}
    assert find_credentials({**old, **new}, None) == Found(PAIR)
    assert find_credentials(old, None) == Found(Credentials("a-old123-k0dl0vqqrk", "old"))


@pytest.mark.parametrize("text", [INI, INI.replace("key=", "key : "), "\ufeff" + INI, YAML])
def test_a_file_gives_the_pair_in_either_form(tmp_path: Path, text: str) -> None:
    assert find_credentials({}, write(tmp_path, text)) == Found(PAIR)


def test_the_file_wins_over_the_environment(tmp_path: Path) -> None:
    env = {"WIOTP_AUTH_KEY": "a-env123-k0dl0vqqrk", "WIOTP_AUTH_TOKEN": "other"}
    assert find_credentials(env, write(tmp_path, INI)) == Found(PAIR)


def test_a_token_of_digits_stays_what_it_is(tmp_path: Path) -> None:
    file = write(tmp_path, f"auth: {{key: {KEY}, token: 0123456789}}\n")
    assert find_credentials({}, file) == Found(Credentials(KEY, "0123456789"))


def test_nothing_at_all_is_told_with_both_ways_to_give_credentials() -> None:
    assert refusal({"WIOTP_OPTIONS_DOMAIN": "x"}) == (
        "there are no credentials: set WIOTP_AUTH_KEY and WIOTP_AUTH_TOKEN in the environment, "
        "or name a file with --credentials FILE"
    )


@pytest.mark.parametrize(
    ("env", "words"),
    [
        (
            {"WIOTP_AUTH_KEY": KEY},
            "WIOTP_AUTH_TOKEN is missing; set both WIOTP_AUTH_KEY and WIOTP_AUTH_TOKEN",
        ),
        (
            {"WIOTP_AUTH_TOKEN": TOKEN, "WIOTP_API_KEY": KEY},
            "WIOTP_AUTH_KEY is missing; set both WIOTP_AUTH_KEY and WIOTP_AUTH_TOKEN",
        ),
        (
            {"WIOTP_API_KEY": KEY},
            "WIOTP_API_TOKEN is missing; set both WIOTP_API_KEY and WIOTP_API_TOKEN",
        ),
        (
            {"WIOTP_AUTH_KEY": KEY, "WIOTP_AUTH_TOKEN": ""},
            f"WIOTP_AUTH_TOKEN {EMPTY}",
        ),
        (
            {"WIOTP_AUTH_KEY": f"{KEY}:x", "WIOTP_AUTH_TOKEN": TOKEN},
            "WIOTP_AUTH_KEY holds a colon, which no API key does; copy it anew",
        ),
    ],
)
def test_half_a_pair_or_an_impossible_one_is_refused(env: dict[str, str], words: str) -> None:
    assert refusal(env) == words


@pytest.mark.parametrize("name", ["WIOTP_AUTH_KEY", "WIOTP_AUTH_TOKEN"])
@pytest.mark.parametrize(
    ("addition", "words"),
    [
        ("\n", SPACE),
        (" x", SPACE),
        ("\u00a0", SPACE),
        ("\x00", "holds a control character, which no key or token does; copy it anew"),
        ("\x7f", "holds a control character, which no key or token does; copy it anew"),
        ("\udcff", "holds a control character, which no key or token does; copy it anew"),
        ("\u20ac", "holds a character that cannot be sent (not Latin-1); copy it anew"),
    ],
)
def test_what_cannot_be_sent_is_refused(name: str, addition: str, words: str) -> None:
    env = {"WIOTP_AUTH_KEY": KEY, "WIOTP_AUTH_TOKEN": TOKEN}
    assert refusal({**env, name: env[name] + addition}) == f"{name} {words}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (INI.replace(f"auth-key={KEY}\n", ""), f": auth-key is missing; {INI_BOTH}"),
        (INI.replace(TOKEN, ""), f": auth-token {EMPTY}"),
        (INI.replace(TOKEN, f"{TOKEN} ; mine"), f": auth-token {SPACE}"),
        (INI.replace(TOKEN, f"{TOKEN}\n  more"), f": auth-token {SPACE}"),
        (INI.replace("application]", "device]"), f": there is no section [application]; {FORMS}"),
        (INI.replace("auth-method=", "auth-method "), f":5: {LINE}"),
        (INI.replace("clean-session=true", f"auth-token={TOKEN}"), f":8: {LINE}"),
        (INI + "[application]\n", f":9: {LINE}"),
        ("; nothing\n[", f":2: {LINE}"),
        (YAML.replace(f"  token: {TOKEN}\n", ""), f": auth.token is missing; {YAML_BOTH}"),
        (YAML.replace(KEY, f"[{KEY}]"), f": auth.key is missing; {YAML_BOTH}"),
        (YAML.replace("auth:", "auth: :"), f":3: {NO_YAML}"),
        (f'auth: {{key: "{KEY}, token: {TOKEN}}}', f":1: {NO_YAML}"),
        (f"{KEY}\n{TOKEN}\n", f": {NO_FORM}"),
        (f"auth: {TOKEN}\n", f": {NO_FORM}"),
        ("", f": {NO_FORM}"),
        ("- " * 5000, f": {NO_YAML}"),
        (b"auth: \x00\n", f": {NO_YAML}"),
        (INI.encode("utf-16"), ": this is not text; save it as UTF-8"),
        ("#" * 70_000, f": this is too large for a credentials file; {FORMS}"),
    ],
)
def test_a_file_that_cannot_serve_is_refused_without_showing_a_line_of_it(
    tmp_path: Path, text: str | bytes, words: str
) -> None:
    file = write(tmp_path, text)
    assert refusal({}, file) == f"{file}{words}"


@pytest.mark.parametrize(
    ("name", "reason"), [("missing", "No such file or directory"), (".", "Is a directory")]
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    file = tmp_path / name
    assert refusal({}, file) == (
        f"{file}: the credentials file cannot be read: {reason}; "
        "give another one with --credentials FILE"
    )


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606])
def test_a_file_that_others_may_read_is_used_with_a_warning(tmp_path: Path, mode: int) -> None:
    file = write(tmp_path, INI)
    file = file.rename(tmp_path / "my application.cfg")
    file.chmod(mode)
    warning = f"{file}: other users may read these credentials; run: chmod 600 '{file}'"
    assert find_credentials({}, file) == Found(PAIR, (warning,))


def test_a_pipe_from_a_password_store_serves(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o644)
    store = threading.Thread(target=pipe.write_text, args=(INI,))
    store.start()
    assert find_credentials({}, pipe) == Found(PAIR)
    store.join()


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_error_ever_shows_a_secret(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Damage a good file at any place; whatever is said about it, its secrets are not."""
    text = data.draw(st.sampled_from([INI, YAML]))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    file = write(
        tmp_path_factory.getbasetemp(), text[:start] + data.draw(st.text(max_size=4)) + text[end:]
    )
    try:
        shown = repr(find_credentials({}, file))
    except CredentialsError as error:
        shown = "".join(traceback.format_exception(error, chain=True))
    assert "k0dl0v" not in shown
    assert "mJ7)eQ" not in shown
    assert "5t:=!Z" not in shown
