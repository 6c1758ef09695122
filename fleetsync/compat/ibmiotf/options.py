"""Read options as ibmiotf did, and raise what it raised."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleetsync.client import ApplicationOptions, CredentialsError, UsageError, options_of
from fleetsync.compat.ibmiotf.errors import ConfigurationException, UnsupportedAuthenticationMethod
from fleetsync.settings.credentials_file import read_credentials_file


def checked_options(options: Mapping[str, Any] | None) -> ApplicationOptions:
    """Read an options dictionary; ConfigurationException for one that does not do, or none."""
    if options is None:
        raise ConfigurationException(
            "no options: quickstart, which needed none, ended with the public cloud; give org, id, "
            "auth-key and auth-token"
        )
    method = options.get("auth-method")
    if method not in (None, "apikey"):
        raise UnsupportedAuthenticationMethod(str(method))
    try:
        return options_of(options)
    except (UsageError, CredentialsError) as error:
        raise ConfigurationException(str(error)) from error


def parse_config_file(path: str | Path) -> dict[str, str]:
    """Read an ``[application]`` file, or the YAML of later versions, into an options dictionary.

    The dictionary holds the API key's token: do not print it.
    """
    try:
        return dict(read_credentials_file(Path(path)).values)
    except CredentialsError as error:
        raise ConfigurationException(str(error)) from error
