"""Handing a text to one person from a command: by a link of this service, or as the answer to a request of any."""

import base64
import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from app.crypto.shared_envelopes import SECRET_BYTES, read_public_key, seal_for_link, seal_for_request
from app.domain.errors import HandoverError
from app.sharing.service import Offer, Sharing

LIFETIME: Final = timedelta(days=1)
_SECONDS: Final = 20.0
_REQUEST: Final = re.compile(r"r1\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{87})")
_STORED: Final = 201
# The client of the quota: commands count as one network.
_COMMANDS: Final = "commands"


@dataclass(frozen=True)
class HandedOver:
    """The link of the sender's receipt, and the reader's link, which an answer does not need."""

    receipt: str
    link: str | None = None
    expires: datetime | None = None


def share(sharing: Sharing, text: str, address: str, now: datetime) -> HandedOver:
    """Store a text in this service, and return its links, which begin with the service's address."""
    token, sealed = secrets.token_bytes(SECRET_BYTES), seal_for_link(text, LIFETIME)
    offer = Offer(sealed.digest, hashlib.sha256(token).digest(), sealed.envelope)
    expires = sharing.create(offer, _COMMANDS, now)
    address = address.rstrip("/")
    return HandedOver(_receipt(address, token), f"{address}/share/open#s1.{_text(sealed.secret)}", expires)


def answer(link: str, text: str) -> HandedOver:
    """Send a text to the person who made the request of a link; raise HandoverError.

    The link names the service. It receives the encrypted text only.
    """
    try:
        parts = urlsplit(link)
        match = _REQUEST.fullmatch(parts.fragment)
        if match is None or parts.scheme not in ("https", "http") or not parts.netloc:
            raise HandoverError("the link is incomplete, or is not that of a request")
        receiver = read_public_key(_bytes(match[2]))
    except ValueError:
        raise HandoverError("the link was altered") from None
    token = secrets.token_bytes(SECRET_BYTES)
    fields = {
        "digest": match[1],
        "receipt": _text(hashlib.sha256(token).digest()),
        "envelope": _text(seal_for_request(text, receiver, LIFETIME)),
    }
    address = f"{parts.scheme}://{parts.netloc}"
    _send(f"{address}/share/answers", fields)
    return HandedOver(_receipt(address, token))


def _send(url: str, fields: dict[str, str]) -> None:
    try:
        response = urllib3.request(
            "POST",
            url,
            body=json.dumps(fields),
            headers={"Content-Type": "application/json"},
            timeout=_SECONDS,
            retries=False,
            redirect=False,
        )
    except HTTPError:
        raise HandoverError("the service of the link did not respond") from None
    if response.status != _STORED:
        raise HandoverError(f"the service of the link refused: HTTP {response.status}; ask for a new link")


def _receipt(address: str, token: bytes) -> str:
    return f"{address}/share/receipt#t1.{_text(token)}"


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
