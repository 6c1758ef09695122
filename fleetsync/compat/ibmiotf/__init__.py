"""The names of ibmiotf, the original Python client: change the import, and programs run on.

``import ibmiotf.application`` becomes ``from fleetsync.compat import ibmiotf``.
"""

from __future__ import annotations

from fleetsync.compat.ibmiotf import api, application
from fleetsync.compat.ibmiotf.errors import (
    ConfigurationException,
    ConnectionException,
    HttpCode,
    IoTFCReSTException,
    UnsupportedAuthenticationMethod,
)

APIException = IoTFCReSTException
"""What later versions named it."""

__all__ = [
    "APIException",
    "ConfigurationException",
    "ConnectionException",
    "HttpCode",
    "IoTFCReSTException",
    "UnsupportedAuthenticationMethod",
    "api",
    "application",
]
