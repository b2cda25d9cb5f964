"""Encryption of private keys at rest (app/crypto/sealing.py)."""

import pytest

from app.crypto.sealing import SealingRing
from app.domain.claims import can_be_code
from app.domain.codes import normalise_code
from app.domain.errors import UnsealingError

OLD, NEW = b"o" * 32, b"n" * 32
PRIVATE, PUBLIC = b"p" * 32, b"q" * 32


def test_sealed_values_open_and_reveal_nothing() -> None:
    ring = SealingRing((NEW,))
    sealed = ring.seal(PRIVATE, PUBLIC)
    assert PRIVATE not in sealed
    assert sealed != ring.seal(PRIVATE, PUBLIC)
    assert ring.open(sealed, PUBLIC) == PRIVATE


def test_the_first_key_seals_and_any_key_opens() -> None:
    sealed = SealingRing((OLD,)).seal(PRIVATE, PUBLIC)
    ring = SealingRing((NEW, OLD))
    assert ring.open(sealed, PUBLIC) == PRIVATE
    assert not ring.is_current(sealed)
    assert ring.is_current(ring.seal(PRIVATE, PUBLIC))


def test_a_sealed_value_does_not_open_without_its_key() -> None:
    with pytest.raises(UnsealingError):
        SealingRing((NEW,)).open(SealingRing((OLD,)).seal(PRIVATE, PUBLIC), PUBLIC)


def test_a_sealed_value_does_not_open_for_another_row() -> None:
    ring = SealingRing((NEW,))
    with pytest.raises(UnsealingError):
        ring.open(ring.seal(PRIVATE, PUBLIC), b"r" * 32)


@pytest.mark.parametrize("position", [0, 1, 5, 30, -1])
def test_an_altered_sealed_value_does_not_open(position: int) -> None:
    ring = SealingRing((NEW,))
    sealed = bytearray(ring.seal(PRIVATE, PUBLIC))
    sealed[position] ^= 1
    with pytest.raises(UnsealingError):
        ring.open(bytes(sealed), PUBLIC)


@pytest.mark.parametrize("length", [0, 5, 31, 33, 45])
def test_a_truncated_sealed_value_is_refused(length: int) -> None:
    ring = SealingRing((NEW,))
    with pytest.raises(UnsealingError):
        ring.open(ring.seal(PRIVATE, PUBLIC)[:length], PUBLIC)


def test_a_bare_key_from_the_public_server_opens_but_is_not_current() -> None:
    ring = SealingRing((NEW,))
    assert ring.open(PRIVATE, PUBLIC) == PRIVATE
    assert not ring.is_current(PRIVATE)


def test_a_key_ring_requires_complete_keys() -> None:
    for keys in ((), (b"short",)):
        with pytest.raises(ValueError, match="32 bytes"):
            SealingRing(keys)


def test_a_stored_code_has_the_length_of_a_code_and_cannot_be_typed() -> None:
    stored = SealingRing((NEW,)).stored_code("AEF2456789")
    assert len(stored) == 10
    assert "AEF" not in stored
    assert not can_be_code(normalise_code(stored))


def test_a_stored_code_depends_on_the_whole_code_and_on_the_key() -> None:
    stored = {
        SealingRing((key,)).stored_code(code)
        for key in (OLD, NEW)
        for code in ("AEF2456789", "AEF2456788", "FEA2456789")
    }
    assert len(stored) == 6


def test_codes_are_looked_up_under_every_key_and_in_plain_form() -> None:
    old, new = SealingRing((OLD,)), SealingRing((NEW, OLD))
    found = new.stored_codes("AEF2456789")
    assert found == [new.stored_code("AEF2456789"), old.stored_code("AEF2456789"), "AEF2456789"]
