"""How a message leaves: e-mail by SMTP, text messages by a provider's HTTP interface."""

import json
from typing import TYPE_CHECKING

from app.config import PortalSettings
from app.sending import email, http

if TYPE_CHECKING:
    from app.portal.mail import Message


def send_email(settings: PortalSettings, message: "Message") -> None:
    """Send an e-mail; raise MailDeliveryError, whose text names neither a person nor an address."""
    content = email.Email((message.to,), message.subject, message.text)
    email.send_email(settings.mail_url or "", settings.mail_from, content)


def send_text_message(settings: PortalSettings, message: "Message") -> None:
    """Send a text message: a POST of JSON with `to` and `text`; raise MailDeliveryError."""
    headers = {}
    if settings.text_message_token:
        headers["Authorization"] = f"Bearer {settings.text_message_token}"
    body = json.dumps({"to": message.to, "text": message.text}).encode()
    http.post_json(settings.text_message_url or "", body, headers)
