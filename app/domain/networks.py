"""Whose guesses count together: the network of a client, and the keyed hash that stands for it (defects D1 and D2).

An IPv4 address counts alone. An IPv6 client counts as its /64, since one household or phone owns all of it.
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

    `forwarded_for` is the whole X-Forwarded-For header ("" when absent), to which each proxy appends the address
    that it saw. Only the last `trusted_proxies` entries were written by proxies of ours, so the client is the first
    of those; whatever stands to the left was sent by the client itself and is ignored. An entry that is missing or
    is no address leaves the peer's own.
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
    """Read an address with or without a port: `1.2.3.4:5`, `[::1]:5` and `::1` alike."""
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
    """Return what stands for the network in the ledger on each of the days: 32 hexadecimal digits of a keyed hash.

    The day is part of the hash, so that identifiers of different days cannot be linked, not even by the operator
    who reads the table.
    """
    return [_keyed_hash(f"network:{day}:{network}", secret).hex()[:IDENTIFIER_CHARACTERS] for day in days]


def rate_limit_client(network: str, day: int, secret: bytes) -> str:
    """Return what stands for the network where requests are counted on a day. The ledger's identifier is another."""
    return _keyed_hash(f"rate:{day}:{network}", secret).hex()[:IDENTIFIER_CHARACTERS]


def network_lock(network: str, secret: bytes) -> int:
    """Return the signed 64-bit number on which claims from one network take turns. It is never stored."""
    return int.from_bytes(_keyed_hash(f"lock:{network}", secret)[:8], "big", signed=True)


def _keyed_hash(text: str, secret: bytes) -> bytes:
    return hmac.digest(secret, text.encode(), hashlib.sha256)
