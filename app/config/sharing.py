"""The settings of sharing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.config import parsers as parse
from app.config.common import CommonSettings
from app.config.fields import setting

ANYONE: Final = "anyone"
PORTAL_USERS: Final = "portal"
TOKEN_HOLDERS: Final = "tokens"  # noqa: S105 - a word, not a token
CREATORS: Final = (ANYONE, PORTAL_USERS, TOKEN_HOLDERS)


@dataclass(frozen=True, kw_only=True)
class SharingSettings(CommonSettings):
    """Settings of a process that serves sharing."""

    sharing_secret_key: bytes = setting(
        parse.hexadecimal(32),
        "Key of the hash that replaces a client's network in quotas and limits of sharing: at least 64 hexadecimal "
        "digits",
        secret=True,
    )
    sharing_creators: tuple[str, ...] | None = setting(
        parse.optional(parse.choices(CREATORS)),
        "Who may share secrets and request them: any of anyone, portal (people who have signed in to the portal of the "
        "same process), tokens (holders of SHARING_TOKENS); default: anyone where REVIEW_TOOLS is true, else "
        "portal,tokens",
        "",
    )
    sharing_tokens: Mapping[str, str] | None = setting(
        parse.optional(parse.bearer_tokens),
        "Tokens whose holders may share secrets and request them: `token=label` pairs as in KEY_CLAIM_TOKEN",
        "",
        secret=True,
    )
    sharing_url: str | None = setting(
        parse.optional(parse.address("https://", "http://")),
        "Address of sharing in a browser, such as https://share.example.org, for the links that commands print",
        "",
    )
    sharing_support_url: str | None = setting(
        parse.optional(parse.address("https://", "mailto:", "tel:")),
        "Where the pages of sharing send people who need help: `https://`, `mailto:` or `tel:`",
        "",
    )
    sharing_network_bytes: int = setting(
        parse.integer(100_000, 100_000_000_000), "Bytes of shared secrets that one network may have stored", "20000000"
    )
    sharing_total_bytes: int = setting(
        parse.integer(100_000, 100_000_000_000),
        "Bytes of shared secrets that all networks may have stored",
        "200000000",
    )
    rate_limit_sharing: int = setting(
        parse.integer(1, 1_000_000),
        "Requests of one network in a minute that share or request secrets, and as many that read or ask for a receipt",
        "60",
    )
