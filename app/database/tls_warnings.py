"""Warnings about connections to PostgreSQL and Redis that may not be encrypted."""

import logging
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qs, urlsplit

from app.config import CommonSettings

_logger = logging.getLogger(__name__)

# libpq's default, `prefer`, continues without TLS if an attacker in the network suppresses the offer.
_ENCRYPTED: Final = ("require", "verify-ca", "verify-full")


def warn_about_plaintext_connections(settings: CommonSettings, environment: Mapping[str, str]) -> None:
    """Log, in production, which servers may be reached without TLS.

    Only URLs are examined. It is a warning and not an error, because a platform may encrypt its network itself.
    """
    if settings.is_production and not is_encrypted_database(settings, environment):
        _logger.warning("database connections may be unencrypted")
    if settings.is_production and not is_encrypted_redis(settings):
        _logger.warning("Redis connections are unencrypted")


def is_encrypted_database(settings: CommonSettings, environment: Mapping[str, str]) -> bool:
    """Return whether PostgreSQL is on this host, or its URL or PGSSLMODE requires TLS."""
    parts = urlsplit(settings.database_url)
    query = parse_qs(parts.query)
    hosts = query.get("host", [parts.hostname or ""])[-1].split(",")
    return query.get("sslmode", [environment.get("PGSSLMODE", "")])[-1] in _ENCRYPTED or all(map(_is_local, hosts))


def is_encrypted_redis(settings: CommonSettings) -> bool:
    """Return whether Redis is on this host, or its URL requires TLS."""
    parts = urlsplit(settings.redis_url)
    return parts.scheme in ("rediss", "unix") or _is_local(parts.hostname or "")


def _is_local(host: str) -> bool:
    if host in ("", "localhost") or host.startswith("/"):  # a Unix socket
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
