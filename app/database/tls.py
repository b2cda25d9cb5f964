"""How connections to PostgreSQL and Redis are encrypted, and warnings about those that may not be."""

import logging
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qs, urlsplit

from redis.connection import to_bool

from app.config import CommonSettings

_logger = logging.getLogger(__name__)


class Tls(StrEnum):
    """Whether connections to a server require TLS, and verify who responds; the values are for people."""

    LOCAL = "is not needed: the server is on this host"
    VERIFIED = "is required, and the server is verified"
    UNVERIFIED = "is required, but another server could pose as this one"
    OPTIONAL = "is not required"


# libpq's default, `prefer`, continues without TLS if an attacker in the network suppresses the offer.
_MODES: Final = {"require": Tls.UNVERIFIED, "verify-ca": Tls.UNVERIFIED, "verify-full": Tls.VERIFIED}


def warn_about_plaintext_connections(settings: CommonSettings, environment: Mapping[str, str]) -> None:
    """Log, in production, which servers may be reached without TLS.

    Only URLs are examined. It is a warning and not an error, because a platform may encrypt its network itself.
    """
    if settings.is_production and tls_to_database(settings, environment) is Tls.OPTIONAL:
        _logger.warning("database connections may be unencrypted")
    if settings.is_production and tls_to_redis(settings) is Tls.OPTIONAL:
        _logger.warning("Redis connections are unencrypted")


def tls_to_database(settings: CommonSettings, environment: Mapping[str, str]) -> Tls:
    """Return what PostgreSQL's URL, or else PGSSLMODE, requires."""
    parts = urlsplit(settings.database_url)
    query = parse_qs(parts.query)
    mode = _MODES.get(query.get("sslmode", [environment.get("PGSSLMODE", "")])[-1])
    if mode is not None:
        return mode
    hosts = query.get("host", [parts.hostname or ""])[-1].split(",")
    return Tls.LOCAL if all(map(_is_local, hosts)) else Tls.OPTIONAL


def tls_to_redis(settings: CommonSettings) -> Tls:
    """Return what Redis' URL requires."""
    parts = urlsplit(settings.redis_url)
    if parts.scheme == "rediss":
        query = parse_qs(parts.query)
        is_verified = query.get("ssl_cert_reqs", ["required"])[-1] == "required"
        checks_name = to_bool(query.get("ssl_check_hostname", ["true"])[-1])  # type: ignore[no-untyped-call]
        return Tls.VERIFIED if is_verified and checks_name else Tls.UNVERIFIED
    return Tls.LOCAL if parts.scheme == "unix" or _is_local(parts.hostname or "") else Tls.OPTIONAL


def _is_local(host: str) -> bool:
    if host in ("", "localhost") or host.startswith("/"):  # a Unix socket
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
