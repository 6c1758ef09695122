"""Turn an error status of the org into the error that tells the user what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from fleetsync.api.answer import GarbledError, parse_body, platform_words
from fleetsync.errors import ApiError, CredentialsError

if TYPE_CHECKING:
    from fleetsync.api.masking import Mask
    from fleetsync.model.value import JSON

_ADVICE = {
    400: "the platform refuses this request; compare what it says with the manifest",
    403: "check the API key's role and the org's quota",
    404: "check the org's id or url, and whether somebody has deleted it meanwhile",
    407: "the proxy wants a login; check HTTPS_PROXY",
    409: "somebody else has made or changed the same thing; run again",
    413: "one request is larger than the org takes",
    429: "the org takes no more calls now; lower callsPerSecond or run again later",
}


class Refusal(NamedTuple):
    """An answer whose status is no success, as it came; ``what`` says to which request."""

    what: str
    status: int
    content: bytes = b""
    redirect: str | None = None


def refusal_error(refusal: Refusal, mask: Mask) -> ApiError | CredentialsError:
    """Give the error for a status; all text from the org passes the mask.

    A 403 means too many things (platform page 1.2, 11.14): with words of the platform it is shown
    as they say, without any it is about the credentials.
    """
    status = refusal.status
    body, garbled = _read_body(refusal.content)
    detail = mask.show(platform_words(body))
    if status == 401 or (status == 403 and not detail):
        words = _credentials_words(refusal, mask)
        return CredentialsError(words, http_code=status, response=mask.hide_in(body))
    if 300 <= status < 400:
        return _redirect_error(refusal, mask)
    said = detail or garbled or "it says nothing more"
    text = f"{mask.show(refusal.what)}: the org answered {status}: {said} ({_advise(status)})"
    return ApiError(text, status=status, detail=detail, response=mask.hide_in(body))


def _credentials_words(refusal: Refusal, mask: Mask) -> str:
    what = mask.show(refusal.what)
    if refusal.status == 401:
        return (
            f"{what}: the org does not accept the API key and token (401); check WIOTP_AUTH_KEY "
            "and WIOTP_AUTH_TOKEN, and that the key belongs to this org"
        )
    return (
        f"{what}: the org forbids it (403) and does not say why; check the API key and its role "
        "(a Standard, Operations or Backend Trusted application may change devices), and that no "
        "proxy is in the way"
    )


def _redirect_error(refusal: Refusal, mask: Mask) -> ApiError:
    target = "nowhere"
    if refusal.redirect:
        target = mask.show(_bare_url(refusal.redirect), limit=200)
    return ApiError(
        f"{mask.show(refusal.what)}: the org redirects ({refusal.status}) to {target}; fleetsync "
        "follows no redirects, for they could carry the credentials along: put the org's real "
        "address into fleet.yaml",
        status=refusal.status,
    )


def _read_body(content: bytes) -> tuple[JSON, str]:
    """Give the body, or else what kind of body came instead of an error of the platform's own."""
    try:
        return parse_body(content), ""
    except GarbledError as error:
        return None, f"no error of the platform, for {error}; check the org's url"


def _advise(status: int) -> str:
    trouble = "the org or something before it is in trouble; run again later"
    return _ADVICE.get(status, trouble if status >= 500 else "run again later")


def _bare_url(location: str) -> str:
    """Leave out what may hold a secret: user, password, query and fragment."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return "an address that cannot be read"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if host else parts.path
