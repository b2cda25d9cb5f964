"""How a message leaves: e-mail by SMTP, text messages by a provider's HTTP interface."""

import json
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from app.config import PortalSettings
from app.domain.errors import MailDeliveryError

if TYPE_CHECKING:
    from app.portal.mail import Message

_SECONDS: Final = 10.0
_SMTP_PORT: Final = 587
_SMTPS_PORT: Final = 465
_THIS_MACHINE: Final = ("localhost", "127.0.0.1", "::1")
_OK: Final = 200
_REDIRECT: Final = 300


def send_email(settings: PortalSettings, message: "Message") -> None:
    """Send an e-mail; raise MailDeliveryError, whose text names neither a person nor an address.

    `smtp://` begins with STARTTLS, without which nothing is sent except on this machine: messages hold links that
    grant access. `smtps://` is encrypted from the start. Certificates are verified.
    """
    parts = urlsplit(settings.mail_url or "")
    context = ssl.create_default_context()
    try:
        email = _email(settings.mail_from, message)
        with _connect(parts.scheme, parts.hostname or "", parts.port, context) as server:
            if parts.scheme == "smtp" and (server.has_extn("starttls") or parts.hostname not in _THIS_MACHINE):
                server.starttls(context=context)  # raises SMTPNotSupportedError if the server does not offer it
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(email)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise MailDeliveryError(type(error).__name__) from None


def _connect(scheme: str, host: str, port: int | None, context: ssl.SSLContext) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or _SMTPS_PORT, timeout=_SECONDS, context=context)
    server = smtplib.SMTP(host, port or _SMTP_PORT, timeout=_SECONDS)
    server.ehlo()
    return server


def _email(sender: str, message: "Message") -> EmailMessage:
    """Return the e-mail. The library refuses a newline in a header field with ValueError."""
    email = EmailMessage()
    email["From"] = sender
    email["To"] = message.to
    email["Subject"] = message.subject
    email["Date"] = formatdate()
    email["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    email["Auto-Submitted"] = "auto-generated"  # no answers from machines (RFC 3834)
    email.set_content(message.text)
    return email


def send_text_message(settings: PortalSettings, message: "Message") -> None:
    """Send a text message: a POST of JSON with `to` and `text`; raise MailDeliveryError.

    A redirect is a failure: followed, it would lose the message and give the token to another host.
    """
    headers = {"Content-Type": "application/json"}
    if settings.text_message_token:
        headers["Authorization"] = f"Bearer {settings.text_message_token}"
    body = json.dumps({"to": message.to, "text": message.text}).encode()
    try:
        response = urllib3.request(
            "POST",
            settings.text_message_url or "",
            body=body,
            headers=headers,
            timeout=urllib3.Timeout(total=_SECONDS),
            redirect=False,
            retries=False,
        )
    except HTTPError as error:
        raise MailDeliveryError(type(error).__name__) from None
    if not _OK <= response.status < _REDIRECT:
        raise MailDeliveryError(f"status {response.status}")
