"""Settings of the service: secrets that the host makes, what it derives, and what an operator adds for a surface."""

import re
from collections.abc import Iterable, Mapping

from deploy.host.errors import HostError

# The secrets of each surface that `flask secrets make` makes.
SECRETS = {
    "submission": ("SECRET_KEY", "SEALING_KEYS"),
    "retrieval": ("RETRIEVE_HMAC_KEY", "ECDSA_KEY", "METRICS_USERNAME", "METRICS_PASSWORD"),
    "portal": ("PORTAL_SECRET_KEYS",),
    "sharing": ("SHARING_SECRET_KEY",),
    "status": (),
}
# Tokens with a label, which `flask secrets token` makes, by surface.
TOKENS = {"submission": "KEY_CLAIM_TOKEN", "status": "STATUS_NOTE_TOKENS"}
NOTES_LABEL = "deployments"  # of the token with which releases are noted on the timeline of incidents
NOTICE_KEY = "NOTICE_WEBHOOK_KEY"
METRICS_SECRET = "METRICS_TOKEN"  # noqa: S105 # pragma: allowlist secret

_MADE = frozenset(name for names in SECRETS.values() for name in names) | {*TOKENS.values(), NOTICE_KEY, METRICS_SECRET}
# What follows from other settings of the host.
_DERIVED = frozenset(
    (
        "BIND_ADDR",
        "DATABASE_POOL_SIZE",  # the number of connections that PostgreSQL accepts depends on it
        "DATABASE_URL",
        "DOWNLOAD_FILES",
        "ENV",
        "PORTAL_URL",
        "REDIS_URL",
        "SHARING_URL",
        "STATUS_FOLDER",
        "STATUS_URL",
        "SUBMISSION_URL",
        "TRUSTED_PROXIES",
    )
)


def is_further(name: str) -> bool:
    """Return whether the name of a line is that of a further setting, such as `portal.PORTAL_MAIL_DOMAINS`."""
    return "." in name


def further_settings(values: Mapping[str, str], of_the_host: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the further settings among the lines of a file by surface; raise HostError, which names the wrong one.

    `of_the_host`: the names of the host's own settings.
    """
    further: dict[str, dict[str, str]] = {surface: {} for surface in SECRETS}
    for line, value in values.items():
        if not is_further(line):
            continue
        surface, _, name = line.partition(".")
        if surface not in further:
            raise HostError(f"{line}: {surface!r} is not one of {', '.join(further)}")
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            raise HostError(f"{line}: {name!r} is not the name of a setting")
        if name in _MADE or name in _DERIVED:
            raise HostError(f"{line}: the host makes {name} itself")
        if name in of_the_host:
            raise HostError(f"{line}: is a setting of the host: write {name} without the surface")
        if value:
            further[surface][name] = value
    return further
