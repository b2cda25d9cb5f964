"""The settings of status: what is published of objectives and incidents, and who is notified."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.config import parsers as parse
from app.config.fields import setting
from app.config.mail import MailSettings
from app.domain.status import PARTS


def _time_zone(raw: str) -> ZoneInfo:
    """Parse the name of a time zone (IANA)."""
    try:
        return ZoneInfo(raw)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{raw!r} is not a time zone, such as America/Toronto") from None


def _folder(raw: str) -> Path:
    """Parse the absolute path of a folder, which need not exist yet."""
    if not raw.startswith("/"):
        raise ValueError(f"{raw!r} is not an absolute path")
    return Path(raw)


def _addresses(raw: str) -> tuple[str, ...]:
    """Parse a comma-separated list of e-mail addresses."""
    found = tuple(part.strip() for part in raw.split(",")) if raw else ()
    for address in found:
        if not re.fullmatch(r"[^@\s<>\"(),;:]+@[^@\s<>\"(),;:]+", address):
            raise ValueError("names what is not an e-mail address")
    return found


@dataclass(frozen=True, kw_only=True)
class StatusSettings(MailSettings):
    """Settings of a process that serves status, and of the worker and clock that measure objectives."""

    status_url: str | None = setting(
        parse.optional(parse.address("https://", "http://")),
        "Address of the status page in a browser, such as https://status.example.org, for links in notices and feeds",
        "",
    )
    status_folder: Path | None = setting(
        parse.optional(_folder),
        "Folder in which the worker stores the status document for web processes of the same host, so that the page "
        "also works while PostgreSQL and Redis do not",
        "",
    )
    status_parts: tuple[str, ...] = setting(
        parse.choices(PARTS),
        f"The parts of the service that the status page shows: any of {', '.join(PARTS)}",
        ",".join(PARTS),
    )
    status_time_zone: ZoneInfo = setting(_time_zone, "Time zone of the status page, and of its days", "America/Toronto")
    status_name_en: str = setting(parse.text, "Name of the service on the status page in English", "Exposure Alert")
    status_name_fr: str = setting(parse.text, "Name of the service on the status page in French", "Exposure Alert")
    status_support_url: str | None = setting(
        parse.optional(parse.address("https://", "mailto:")),
        "Where the status page sends people who need help: `https://` or `mailto:`",
        "",
    )

    notice_webhook_url: str | None = setting(
        parse.optional(parse.address("https://", "http://")),
        "Address to which notices of incidents are posted as JSON, signed as in docs/incidents/README.md",
        "",
    )
    notice_webhook_key: bytes | None = setting(
        parse.optional(parse.hexadecimal(32)),
        "Key of the signature of notices: at least 64 hexadecimal digits; required with NOTICE_WEBHOOK_URL",
        "",
        secret=True,
    )
    notice_emails: tuple[str, ...] = setting(
        _addresses, "Addresses, comma-separated, to which notices of incidents are sent; they require MAIL_URL", ""
    )
    notice_heartbeat_url: str | None = setting(
        parse.optional(parse.address("https://", "http://")),
        "Address that is requested once a minute while the service is watched, for a service outside that notifies "
        "people when these requests stop",
        "",
    )
    status_note_tokens: Mapping[str, str] | None = setting(
        parse.optional(parse.bearer_tokens),
        "Tokens with which other systems add notes to the timelines of incidents: `token=label` pairs as in "
        "KEY_CLAIM_TOKEN",
        "",
        secret=True,
    )

    digest_emails: tuple[str, ...] = setting(
        _addresses,
        "Addresses, comma-separated, to which a digest of the service is sent every day; they require MAIL_URL",
        "",
    )
    digest_hour: int = setting(
        parse.integer(0, 23), "Hour of the day, in STATUS_TIME_ZONE, from which the digest is sent", "8"
    )

    @property
    def status_names(self) -> dict[str, str]:
        """The name of the service by language."""
        return {"en": self.status_name_en, "fr": self.status_name_fr}
