"""Saying that what is stored travels without encryption, where that matters."""

import logging
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qs, urlsplit

from app.config import Settings

_logger = logging.getLogger(__name__)

# libpq's own default, `prefer`, goes on without TLS when somebody in between takes the offer of it away.
_ENCRYPTED: Final = ("require", "verify-ca", "verify-full")


def report_plain_connections(settings: Settings, environment: Mapping[str, str]) -> None:
    """Log, in production, which servers are not reached over TLS for certain.

    It looks at addresses only. A warning, not a refusal: a platform may encrypt its network itself.
    """
    if settings.env != "production":
        return
    if not _is_encrypted_database(settings.database_url, environment.get("PGSSLMODE", "")):
        _logger.warning("the database may be reached without TLS")
    if not _is_encrypted_redis(settings.redis_url):
        _logger.warning("Redis is reached without TLS")


def _is_encrypted_database(url: str, default_mode: str) -> bool:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    host = query.get("host", [parts.hostname or ""])[-1]
    return query.get("sslmode", [default_mode])[-1] in _ENCRYPTED or _is_this_machine(host)


def _is_encrypted_redis(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("rediss", "unix") or _is_this_machine(parts.hostname or "")


def _is_this_machine(host: str) -> bool:
    if host in ("", "localhost") or host.startswith("/"):  # a socket in the file system
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
