"""The application client of the guide, as far as it goes over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleetsync.compat.ibmiotf.api import ApiClient
from fleetsync.compat.ibmiotf.options import parse_config_file

ParseConfigFile = parse_config_file


class Client:
    """An application; ``api`` has its calls."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.api = ApiClient(options)
