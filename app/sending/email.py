"""Sending e-mail by SMTP."""

import functools
import logging
import smtplib
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from app.domain.errors import MailDeliveryError

_logger = logging.getLogger(__name__)

_SECONDS: Final = 10.0
_RESPONSES: Final = 3  # the slowest ones that an e-mail may need
_SMTP_PORT: Final = 587
_SMTPS_PORT: Final = 465
_PERMANENT: Final = 500  # and more: the server will never accept the address
_THIS_MACHINE: Final = ("localhost", "127.0.0.1", "::1")


class _Limited(smtplib.SMTP):
    """A conversation with a limit for all responses: the monitor, for one, does nothing else meanwhile."""

    def __init__(self, host: str, port: int, *, timeout: float, **options: Any) -> None:
        self._end = time.monotonic() + _RESPONSES * timeout
        super().__init__(host, port, timeout=timeout, **options)

    def getreply(self) -> tuple[int, bytes]:
        """Return the next response; raise SMTPServerDisconnected if there is no time left for it."""
        left = self._end - time.monotonic()
        if left <= 0 or self.sock is None:
            self.close()
            raise smtplib.SMTPServerDisconnected
        self.sock.settimeout(min(self.timeout, left))
        return super().getreply()


class _LimitedSsl(_Limited, smtplib.SMTP_SSL):
    """The same, encrypted from the start."""


@dataclass(frozen=True)
class Email:
    """An e-mail: plain text. `identifier` is that of its Message-ID, before the `@`; by default it is random."""

    to: Sequence[str]
    subject: str
    text: str
    identifier: str | None = None


def send_email(mail_url: str, sender: str, email: Email, seconds: float = _SECONDS) -> Sequence[str]:
    """Send an e-mail; raise MailDeliveryError, whose text names neither a person nor an address.

    If the server accepts it for some recipients and not for others, it is sent, and that is logged. Returns those whom
    the server refused for the moment, with a status below 500.

    `smtp://` begins with STARTTLS, without which nothing is sent except on this machine: messages hold links that
    grant access. `smtps://` is encrypted from the start. Certificates are verified. The server is given `seconds` for
    each response, and three times as long for all of them.
    """
    parts = urlsplit(mail_url)
    refused: Mapping[str, tuple[int, bytes]] | None = None
    try:
        message = _message(sender, email)
        with _connect(parts.scheme, parts.hostname or "", parts.port, seconds) as server:
            if parts.scheme == "smtp" and (server.has_extn("starttls") or parts.hostname not in _THIS_MACHINE):
                server.starttls(context=_tls())  # raises SMTPNotSupportedError if the server does not offer it
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            refused = server.send_message(message)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        if refused is None:  # afterwards, it is sent: what the server answers to QUIT changes nothing
            raise MailDeliveryError(type(error).__name__) from None
    if refused:  # sent again to everyone, the others would get it again, for as long as one address is wrong
        statuses = ", ".join(f"status {status}" for status in sorted({status for status, _ in refused.values()}))
        fields = {"refused": len(refused), "accepted": len(email.to) - len(refused), "reason": statuses}
        _logger.error("e-mail refused for some recipients", extra=fields)
    return tuple(address for address, (status, _) in (refused or {}).items() if status < _PERMANENT)


def _connect(scheme: str, host: str, port: int | None, seconds: float) -> smtplib.SMTP:
    if scheme == "smtps":
        return _LimitedSsl(host, port or _SMTPS_PORT, timeout=seconds, context=_tls())
    server = _Limited(host, port or _SMTP_PORT, timeout=seconds)
    server.ehlo()
    return server


@functools.cache
def _tls() -> ssl.SSLContext:
    """Return how to verify servers. To load the authorities of the system takes longer than to write a message."""
    return ssl.create_default_context()


def _message(sender: str, email: Email) -> EmailMessage:
    """Return the e-mail. The library refuses a newline in a header field with ValueError."""
    domain = sender.rpartition("@")[2]
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(email.to)
    message["Subject"] = email.subject
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{email.identifier}@{domain}>" if email.identifier else make_msgid(domain=domain)
    message["Auto-Submitted"] = "auto-generated"  # no answers from machines (RFC 3834)
    message.set_content(email.text)
    return message
