"""The settings of the portal."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.config import parsers as parse
from app.config.fields import setting
from app.config.mail import MailSettings

_SEED_BYTES: Final = 32
OUTBOX: Final = "outbox"  # the value of TEXT_MESSAGE_URL that sends nothing


def _text_message_url(raw: str) -> str:
    if raw != OUTBOX:
        parse.address("https://", "http://")(raw)
    return raw


def _mail_domains(raw: str) -> tuple[str, ...]:
    return ("*",) if raw == "*" else parse.host_names(raw)


def _signature_seed(raw: str) -> bytes:
    """Parse the seed of an Ed25519 key, 32 bytes."""
    try:
        seed = bytes.fromhex(raw) if len(raw) == _SEED_BYTES * 2 else base64.b64decode(raw, validate=True)
    except ValueError:
        seed = b""
    if len(seed) != _SEED_BYTES:
        raise ValueError(f"is neither {_SEED_BYTES * 2} hexadecimal digits nor the base64 of {_SEED_BYTES} bytes")
    return seed


@dataclass(frozen=True, kw_only=True)
class PortalSettings(MailSettings):
    """Settings of a process that serves the portal."""

    portal_secret_keys: tuple[bytes, ...] = setting(
        parse.sealing_keys,
        "Keys from which the portal derives those of sessions, links, second factors, the audit log and its tokens: 64 "
        "hexadecimal digits each, comma-separated; the first is used, all are accepted",
        secret=True,
    )
    portal_url: str | None = setting(
        parse.optional(parse.address("https://", "http://")),
        "Address of the portal in a browser, such as https://portal.example.org, for links in e-mail and passkeys; "
        "required in production",
        "",
    )
    submission_url: str | None = setting(
        parse.optional(parse.address("https://", "http://")),
        "Address of submission, from which the portal requests codes; default: this process",
        "",
    )
    portal_tokens: Mapping[str, str] | None = setting(
        parse.optional(parse.bearer_tokens),
        "Tokens with which the portal requests codes, `token=label` pairs as in KEY_CLAIM_TOKEN, a label for each "
        "jurisdiction; by default the portal derives its own tokens and registers them in the database",
        "",
        secret=True,
    )
    portal_mail_domains: tuple[str, ...] = setting(
        _mail_domains, "Domains, comma-separated, whose addresses may be invited to the portal, or `*` for all", "*"
    )
    portal_support_url: str | None = setting(
        parse.optional(parse.address("https://", "mailto:", "tel:")),
        "Where the portal's pages on help, privacy and accessibility send people: `https://`, `mailto:` or `tel:`",
        "",
    )
    portal_daily_codes: int = setting(
        parse.integer(1, 1_000_000), "Codes that one person may issue in the portal in 24 hours", "100"
    )
    text_message_url: str | None = setting(
        parse.optional(_text_message_url),
        "Address to which text messages are posted as JSON; `outbox` keeps them on a page instead, and is refused in "
        "production; text messages are off by default",
        "",
    )
    text_message_token: str | None = setting(
        parse.optional(parse.long_text(8)), "Bearer token for TEXT_MESSAGE_URL", "", secret=True
    )

    @property
    def keeps_email(self) -> bool:
        """Whether e-mail is kept on a page instead of being sent."""
        return self.mail_url is None

    @property
    def keeps_text_messages(self) -> bool:
        """Whether text messages are kept on a page instead of being sent."""
        return self.text_message_url == OUTBOX

    qr_signature_key: bytes | None = setting(
        parse.optional(_signature_seed),
        "Key that signs the QR codes of posters: the 32 bytes of an Ed25519 seed, in hexadecimal digits or base64. "
        "Derived from the last of PORTAL_SECRET_KEYS by default; set it before the first poster is printed, because "
        "phones verify posters with one public key",
        "",
        secret=True,
    )
    qr_address: str = setting(
        parse.address("https://"),
        "Address in the QR codes of posters, before `#`: phones accept one host, and the page is for people without "
        "the app",
        "https://alpha.canada.ca/covid-alert.html",
    )

    @property
    def session_cookie_is_secure(self) -> bool:
        """Whether browsers send the portal's cookie over HTTPS only."""
        return (self.portal_url or "").startswith("https://")
