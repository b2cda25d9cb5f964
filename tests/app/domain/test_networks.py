"""Networks, by which failed claims are counted (app/domain/networks.py)."""

import pytest

from app.domain.networks import client_network, network_identifiers, network_lock

SECRET = b"s" * 32


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]:4711", "2001:db8:1:2::/64"),
        ("2001:0DB8:0001:0002::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_a_peer_becomes_one_canonical_network(peer: str, network: str) -> None:
    assert client_network(peer, "", 0) == network


def test_forwarded_addresses_are_ignored_without_a_trusted_proxy() -> None:
    assert client_network("203.0.113.7", "198.51.100.1", 0) == "203.0.113.7"


def test_one_trusted_proxy_wrote_the_last_entry() -> None:
    for header in ("192.0.2.66, 198.51.100.1", "198.51.100.1"):
        assert client_network("10.0.0.1", header, 1) == "198.51.100.1"


def test_two_trusted_proxies_wrote_the_last_two_entries() -> None:
    assert client_network("10.0.0.1", "192.0.2.66, 198.51.100.1, 10.0.0.2", 2) == "198.51.100.1"


@pytest.mark.parametrize("header", ["", "198.51.100.1, ", "198.51.100.1, unknown"])
def test_an_invalid_entry_falls_back_to_the_peer(header: str) -> None:
    assert client_network("10.0.0.1", header, 1) == "10.0.0.1"


def test_fewer_entries_than_proxies_fall_back_to_the_peer() -> None:
    assert client_network("10.0.0.1", "198.51.100.1", 2) == "10.0.0.1"


def test_identifiers_have_32_characters_and_differ_by_day_network_and_secret() -> None:
    identifiers = {
        *network_identifiers("a", (1, 2), SECRET),
        *network_identifiers("b", (1,), SECRET),
        *network_identifiers("a", (1,), b"t" * 32),
    }
    assert len(identifiers) == 4
    assert {len(identifier) for identifier in identifiers} == {32}


def test_the_lock_number_of_a_network_is_the_same_every_day() -> None:
    lock = network_lock("2001:db8::/64", SECRET)
    assert lock == network_lock("2001:db8::/64", SECRET) != network_lock("2001:db8:1::/64", SECRET)
    locks = [network_lock(f"203.0.113.{number}", SECRET) for number in range(32)]
    assert -(2**63) <= min(locks) < 0 < max(locks) < 2**63  # PostgreSQL has no unsigned integers
