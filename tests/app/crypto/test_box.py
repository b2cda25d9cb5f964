"""Boxes of phones (app/crypto/box.py)."""

import pytest
from nacl.public import Box, PrivateKey, PublicKey

from app.crypto.box import generate_key_pair, open_box
from app.domain.errors import BoxDecryptionError

NONCE = b"n" * 24
PHONE = PrivateKey.generate()


def test_a_box_for_a_fresh_key_pair_opens() -> None:
    private, public = generate_key_pair()
    sealed = Box(PHONE, PublicKey(public)).encrypt(b"keys", NONCE).ciphertext
    assert len(sealed) == 16 + len(b"keys")
    assert open_box(sealed, NONCE, private_key=private, sender_public_key=bytes(PHONE.public_key)) == b"keys"


@pytest.mark.parametrize("payload", [b"", b"short", b"x" * 100])
def test_malformed_boxes_do_not_open(payload: bytes) -> None:
    private, _ = generate_key_pair()
    with pytest.raises(BoxDecryptionError):
        open_box(payload, NONCE, private_key=private, sender_public_key=bytes(PHONE.public_key))


def test_sender_keys_of_small_order_are_refused() -> None:
    private, _ = generate_key_pair()
    with pytest.raises(BoxDecryptionError):
        open_box(b"x" * 32, NONCE, private_key=private, sender_public_key=bytes(32))
