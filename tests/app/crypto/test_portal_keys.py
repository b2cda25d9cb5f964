"""The keys of the portal (app/crypto/portal_keys.py): what is stored, registered and printed depends on them."""

import pytest

from app.crypto.portal_keys import PortalKeys
from app.domain.errors import UnsealingError

NEW, OLD = b"\xee" * 32, b"\xdd" * 32
KEYS = PortalKeys((NEW, OLD))
SEALED = bytes(24) + bytes.fromhex("47e68ec568c86ef1bcd96f514282610d4c5ce7b472b7")  # with OLD


@pytest.mark.parametrize(
    ("made", "begins"),
    [
        ([key.hex() for key in KEYS.cookie_keys()], ["db106d8f67301f40", "6d98ca3da630a58f"]),
        ([KEYS.digest("a purpose", "a value").hex()], ["efedb8339a5a7959"]),
        ([KEYS.chain(b"previous", b"entry").hex()], ["0a2c02b4961474de"]),
        (KEYS.submission_tokens("ON"), ["V9M55lW3FM-dXRsyrF1xVgRvtXV_MbkULRvRH6U5vMM", "TadwUaG6-zGa2S3OdNN7ADpD"]),
        ([KEYS.poster_seed().hex()], ["354169588113b510"]),
        (KEYS.hash_ids("ABCD2345"), ["b23d27967662e09e", "51f05dbd5b4b6920"]),
    ],
    ids=["cookies", "digest", "audit log", "tokens", "posters", "hashIDs"],
)
def test_every_version_derives_the_same_from_a_secret(made: list[str], begins: list[str]) -> None:
    assert [each[: len(start)] for each, start in zip(made, begins, strict=True)] == begins


def test_what_an_earlier_version_sealed_opens_for_its_context_alone() -> None:
    assert KEYS.open(SEALED, "ctx") == b"secret"
    for keys, context in ((KEYS, "other"), (PortalKeys((NEW,)), "ctx")):
        with pytest.raises(UnsealingError):
            keys.open(SEALED, context)


def test_the_current_secret_seals() -> None:
    assert PortalKeys((NEW,)).open(KEYS.seal(b"secret", "ctx"), "ctx") == b"secret"
