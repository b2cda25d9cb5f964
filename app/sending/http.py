"""Requests to other services by HTTP."""

from collections.abc import Mapping
from typing import Final

import urllib3
from urllib3.exceptions import HTTPError

from app.domain.errors import MailDeliveryError

SECONDS: Final = 10.0
_OK: Final = 200
_REDIRECT: Final = 300


def post_json(url: str, body: bytes, headers: Mapping[str, str], seconds: float = SECONDS) -> None:
    """Send a POST of JSON; raise MailDeliveryError, whose text names neither the receiver nor the content.

    A redirect is a failure: followed, it would lose the message, and give what is secret in it to another host. What
    the receiver answers is not read.
    """
    _request("POST", url, seconds, body, {"Content-Type": "application/json", **headers})


def get(url: str, seconds: float = SECONDS) -> None:
    """Send a GET whose answer is not read; raise MailDeliveryError, whose text does not name the receiver."""
    _request("GET", url, seconds)


def _request(
    method: str, url: str, seconds: float, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> None:
    try:
        response = urllib3.request(
            method,
            url,
            body=body,
            headers=headers,
            timeout=urllib3.Timeout(total=seconds),
            redirect=False,
            retries=False,
            preload_content=False,
        )
        response.close()
    except HTTPError as error:
        raise MailDeliveryError(type(error).__name__) from None
    if not _OK <= response.status < _REDIRECT:
        raise MailDeliveryError(f"status {response.status}")
