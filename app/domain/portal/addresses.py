"""Addresses of e-mail."""

import re
from collections.abc import Sequence
from typing import Final

MAX_CHARACTERS: Final = 254  # RFC 5321, section 4.5.3.1.3, without the angle brackets
ANY_DOMAIN: Final = "*"
# Narrower than RFC 5322: no quotes, comments or addresses of hosts, which no health authority uses. Nothing that it
# accepts can end a header field.
_ADDRESS: Final = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{2,}")


def normalize_address(raw: str) -> str | None:
    """Return an address in lower case, or None if it is malformed."""
    address = raw.strip().lower()
    return address if len(address) <= MAX_CHARACTERS and _ADDRESS.fullmatch(address) else None


def is_of_domain(address: str, domains: Sequence[str]) -> bool:
    """Return whether an address is of one of the domains, or whether `*` is one of them."""
    return ANY_DOMAIN in domains or address.rpartition("@")[2] in domains
