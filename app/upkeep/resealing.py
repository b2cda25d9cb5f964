"""Rotating the sealing key, hashing hashIDs that are in clear, and checking that all private keys can be opened."""

from dataclasses import dataclass
from typing import Final

from app.crypto.sealing import SealingRing, is_hashed
from app.database.database import Database
from app.domain.errors import UnsealingError
from app.store import key_pairs

_BATCH_ROWS: Final = 500


@dataclass
class Resealed:
    """How many rows were resealed, were already sealed with the current key, and could not be opened."""

    resealed: int = 0
    current: int = 0
    unreadable: int = 0


@dataclass
class Checked:
    """How many stored private keys can be opened, and how many cannot."""

    readable: int = 0
    unreadable: int = 0


def check_all(database: Database, ring: SealingRing) -> Checked:
    """Open every stored private key without changing it, and return the result."""
    outcome, after = Checked(), b""
    while True:
        with database.transaction() as connection:
            rows = key_pairs.sealed_after(connection, after, _BATCH_ROWS)
        for public_key, sealed, _ in rows:
            try:
                ring.open(sealed, public_key)
                outcome.readable += 1
            except UnsealingError:
                outcome.unreadable += 1
        if len(rows) < _BATCH_ROWS:
            return outcome
        after = rows[-1][0]


def reseal_all(database: Database, ring: SealingRing) -> Resealed:
    """Reseal all rows in batches, each in its own transaction. It may be interrupted and repeated at any time.

    It also hashes each hashID that is in clear, as in rows of the public server. A hash cannot be renewed: a row keeps
    the key with which its hashID was hashed until it is purged.
    """
    outcome, after = Resealed(), b""
    while True:
        with database.transaction() as connection:
            rows = key_pairs.sealed_after(connection, after, _BATCH_ROWS, lock=True)
            for public_key, sealed, hash_id in rows:
                if hash_id is not None and not is_hashed(hash_id):
                    key_pairs.replace_hash_id(connection, public_key, ring.stored_hash_id(hash_id))
                if ring.is_current(sealed):
                    outcome.current += 1
                    continue
                try:
                    private_key = ring.open(sealed, public_key)
                except UnsealingError:
                    outcome.unreadable += 1
                    continue
                key_pairs.reseal(connection, public_key, ring.seal(private_key, public_key))
                outcome.resealed += 1
        if len(rows) < _BATCH_ROWS:
            return outcome
        after = rows[-1][0]
