"""The settings of e-mail, of every surface that sends any."""

from dataclasses import dataclass

from app.config import parsers as parse
from app.config.common import CommonSettings
from app.config.fields import setting


def _mail_url(raw: str) -> str:
    """Parse the server for e-mail: smtp://user:password@host:port, or smtps://…"""
    parts = parse.split_url(raw)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("does not start with smtp:// or smtps:// and the name of a host")
    return raw


@dataclass(frozen=True, kw_only=True)
class MailSettings(CommonSettings):
    """Settings of a process that sends e-mail."""

    mail_url: str | None = setting(
        parse.optional(_mail_url),
        "Server for e-mail, smtp://user:password@host:port, with STARTTLS, or smtps://…; without it, the portal keeps "
        "its e-mail on a page instead, which production refuses",
        "",
        secret=True,
    )
    mail_from: str = setting(parse.text, "Sender's address of e-mail; set it with MAIL_URL", "exposure-alert@localhost")
