"""Sending JSON by HTTP."""

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
    try:
        response = urllib3.request(
            "POST",
            url,
            body=body,
            headers={"Content-Type": "application/json", **headers},
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
