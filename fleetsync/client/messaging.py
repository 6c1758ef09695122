"""Open the messages of an application's org, with the options that its HTTP calls have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.address import messaging_fault
from fleetsync.errors import UsageError
from fleetsync.messaging.application import ApplicationMessaging
from fleetsync.messaging.endpoint import (
    App,
    Endpoint,
    application_login,
    endpoint_beside,
    endpoint_of_org,
    endpoint_of_url,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleetsync.client.options import ApplicationOptions


def messaging_of(
    options: ApplicationOptions, *, notify: Callable[[str], None]
) -> ApplicationMessaging:
    """Make the messaging client of an application, not yet connected.

    Raises UsageError where nothing tells the org's id or where its messages are (platform page
    1.1), ExtraMissingError without paho-mqtt. ``notify`` hears of losses, from another thread.
    """
    if not options.org:
        raise UsageError("messages need the org's id: give it as org")
    pair = options.credentials
    app = App(options.app_id, options.clean_session, options.shared, options.instance)
    login = application_login(options.org, pair.key, pair.token, app)
    return ApplicationMessaging(_adjusted(_endpoint(options), options), login, notify=notify)


def _adjusted(found: Endpoint, options: ApplicationOptions) -> Endpoint:
    """Take over what the options say of the way there; a whole URL says its port itself."""
    named = options.messaging_url is not None
    return found._replace(
        port=found.port if named else options.messaging_port or found.port,
        ca_file=options.messaging_ca_file or found.ca_file,
        websocket=options.websocket or found.websocket,
        keep_alive=options.keep_alive,
    )


def _endpoint(options: ApplicationOptions) -> Endpoint:
    url = options.messaging_url
    if url is not None:
        fault = messaging_fault(url)
        if fault:
            raise UsageError(f"the option messagingUrl {fault}")
        return endpoint_of_url(url, options.ca_file)
    if options.domain is not None:
        return endpoint_of_org(options.org, options.domain, options.ca_file)
    found = endpoint_beside(options.url, options.ca_file)
    if found is None:
        raise UsageError(
            "the address of the org does not tell where its messages are: say so as messagingUrl, "
            "mqtts://HOST:PORT"
        )
    return found
