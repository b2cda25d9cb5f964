"""The channels on which notices leave: a webhook, and e-mail.

The webhook follows Standard Webhooks (https://www.standardwebhooks.com): the signature is the HMAC-SHA-256 of the
notice's identifier, the time in unix seconds, and the body, separated by full stops.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime

from app.config import StatusSettings
from app.domain.incidents.notices import Channel
from app.incidents.late_recipients import LateRecipients
from app.incidents.notice_texts import Notice, as_json, subject_of, text_of
from app.incidents.notices import RESPONSE_SECONDS, Send
from app.sending.email import Email
from app.sending.http import post_json
from app.web.i18n import LANGUAGES


def make_channels(
    settings: StatusSettings, clock: Callable[[], datetime], late: LateRecipients | None = None
) -> dict[Channel, Send]:
    """Return the channels of the settings. Each raises MailDeliveryError if a notice is not accepted.

    `late` sends notices to recipients who were refused for the moment; its `send_due` has to be called.
    """
    sender = late or LateRecipients(settings)
    channels: dict[Channel, Send] = {}
    base = settings.status_url.rstrip("/") if settings.status_url else None
    url, key, addresses = settings.notice_webhook_url, settings.notice_webhook_key, settings.notice_emails
    if url and key:

        def post(notice: Notice) -> None:
            body = as_json(notice, _links(base, notice))
            post_json(url, body, signed_headers(key, notice.identifier, clock(), body), RESPONSE_SECONDS)

        channels[Channel.WEBHOOK] = post
    if addresses:

        def mail(notice: Notice) -> None:
            email = Email(addresses, subject_of(notice), text_of(notice, _links(base, notice)), notice.identifier)
            sender.send(email, notice.number, clock())

        channels[Channel.EMAIL] = mail
    return channels


def signed_headers(key: bytes, identifier: str, now: datetime, body: bytes) -> dict[str, str]:
    """Return the header fields with which a receiver verifies who sent a notice, and when."""
    timestamp = str(int(now.timestamp()))
    signature = hmac.new(key, b".".join((identifier.encode(), timestamp.encode(), body)), hashlib.sha256).digest()
    return {
        "webhook-id": identifier,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def _links(base: str | None, notice: Notice) -> dict[str, str]:
    """Return the address of an incident's page by language; none if the address of the status page is unknown."""
    if base is None:
        return {}
    path = f"/incidents/{notice.number}" if notice.number is not None else ""
    return {language: f"{base}/status/{language}{path}" for language in LANGUAGES}
