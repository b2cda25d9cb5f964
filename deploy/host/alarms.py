"""Sends an alarm about a unit that failed: `python3 -m deploy.host.alarms SETTINGS UNIT`.

An alarm names the host and the unit, and nothing from a log.
"""

import json
import smtplib
import ssl
import sys
import urllib.request
from collections.abc import Mapping
from email.message import EmailMessage
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

_SECONDS: Final = 30
_DEFAULT_PORTS: Final = {"smtp": 587, "smtps": 465}


def main(settings_file: Path, unit: str) -> int:
    """Send the alarm to each place that is set; return 1 if it reached none of them."""
    lines = settings_file.read_text().splitlines()
    settings = {name: value for name, _, value in (line.partition("=") for line in lines) if value}
    text = f"{settings.get('ALARM_HOST', 'this host')}: {unit} failed. See: journalctl --unit {unit} --lines 50"
    failures = []
    senders = {"ALARM_WEBHOOK": post, "ALARM_EMAIL": send_mail}
    chosen = [send for name, send in senders.items() if name in settings]
    for send in chosen:
        try:
            send(settings, text)
        except (OSError, HTTPException, smtplib.SMTPException, ValueError, KeyError) as error:
            failures.append(type(error).__name__)
    print(text, f"(not delivered: {', '.join(failures)})" if failures else "")
    return int(len(failures) == len(chosen))


def is_safe_webhook(address: str) -> bool:
    """Return whether alarms do not leave the host in clear text."""
    try:
        parts = urlsplit(address)
    except ValueError:  # a bracket that is not closed
        return False
    return parts.scheme == "https" or (parts.scheme, parts.hostname) == ("http", "127.0.0.1")


def post(settings: Mapping[str, str], text: str) -> None:
    """Post `{"text": …}`, which most chat systems show as a message. Raises OSError or HTTPException."""
    address = settings["ALARM_WEBHOOK"]
    if not is_safe_webhook(address):
        raise ValueError("ALARM_WEBHOOK: does not start with https://")
    body, header = json.dumps({"text": text}).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(address, body, header)  # noqa: S310 - the scheme was checked
    urllib.request.urlopen(request, timeout=_SECONDS).close()  # noqa: S310


def send_mail(settings: Mapping[str, str], text: str) -> None:
    """Send the alarm as an e-mail, encrypted on the way. Raises OSError or SMTPException."""
    parts = urlsplit(settings["ALARM_MAIL_URL"])
    message = EmailMessage()
    message["Subject"] = text.partition(". ")[0]
    message["From"] = message["To"] = settings["ALARM_EMAIL"]
    message.set_content(text)
    context, port = ssl.create_default_context(), parts.port or _DEFAULT_PORTS[parts.scheme]
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(parts.hostname or "", port, timeout=_SECONDS, context=context)
    else:
        server = smtplib.SMTP(parts.hostname or "", port, timeout=_SECONDS)
    with server:
        if parts.scheme == "smtp" and parts.hostname not in ("127.0.0.1", "localhost"):
            server.starttls(context=context)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
