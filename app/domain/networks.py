"""The network of a client, for which failed claims and requests are counted, and its keyed hash (defects D1 and D2).

An IPv4 client is counted by its address. An IPv6 client is counted by its /64, which belongs to one household or phone.
"""

import hashlib
import hmac
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

IPV6_PREFIX_BITS: Final = 64
IDENTIFIER_CHARACTERS: Final = 32


def client_network(peer: str, forwarded_for: str, trusted_proxies: int) -> str:
    """Return the client's network as canonical text, such as `203.0.113.7` or `2001:db8:1:2::/64`.

    `forwarded_for` is the whole X-Forwarded-For header ("" if absent), to which each proxy appends the address of its
    client. Only the last `trusted_proxies` entries were written by trusted proxies; the client's address is the first
    of those. Entries to the left of it were sent by the client and are ignored. If the entry is missing or is not an
    address, the peer's address is used.
    """
    entries = [entry.strip() for entry in forwarded_for.split(",")] if forwarded_for else []
    if 0 < trusted_proxies <= len(entries):
        network = _network(entries[-trusted_proxies])
        if network is not None:
            return network
    return _network(peer) or "unknown"


def _network(text: str) -> str | None:
    address = _address(text)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, IPV6_PREFIX_BITS), strict=False))
    return str(address) if address else None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address with or without a port, such as `1.2.3.4:5` or `[::1]:5`; return None if it is invalid."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def network_identifiers(network: str, days: Sequence[int], secret: bytes) -> list[str]:
    """Return the stored identifier of a network for each day number: 32 hexadecimal digits of a keyed hash.

    The day is part of the hash, so that a reader of the table cannot link the identifiers of different days.
    """
    return [_keyed_hash(f"network:{day}:{network}", secret).hex()[:IDENTIFIER_CHARACTERS] for day in days]


def rate_limit_client(network: str, day: int, secret: bytes) -> str:
    """Return the key under which a network's requests are counted on a day; it differs from the stored identifier."""
    return _keyed_hash(f"rate:{day}:{network}", secret).hex()[:IDENTIFIER_CHARACTERS]


def network_lock(network: str, secret: bytes) -> int:
    """Return the number of the advisory lock that serializes a network's claims: signed, 64 bits, never stored."""
    return int.from_bytes(_keyed_hash(f"lock:{network}", secret)[:8], "big", signed=True)


def _keyed_hash(text: str, secret: bytes) -> bytes:
    return hmac.digest(secret, text.encode(), hashlib.sha256)
