"""Rotate the sealing key: seal every stored private key with the newest; or only see whether each can be opened."""

from dataclasses import dataclass
from typing import Final

from app.crypto.sealing import SealBroken, SealingRing
from app.store import key_pairs
from app.database.database import Database

BATCH_ROWS: Final = 500


@dataclass
class Resealed:
    """How many rows were sealed anew, were so already, and could not be opened."""

    resealed: int = 0
    current: int = 0
    unreadable: int = 0


@dataclass
class Checked:
    """How many stored private keys can be opened, and how many cannot."""

    readable: int = 0
    unreadable: int = 0


def check_all(database: Database, ring: SealingRing, batch: int = BATCH_ROWS) -> Checked:
    """Try to open every stored private key, and change nothing."""
    outcome, after = Checked(), b""
    while True:
        with database.transaction() as connection:
            rows = key_pairs.sealed_after(connection, after, batch)
        for public_key, sealed in rows:
            try:
                ring.open(sealed, public_key)
                outcome.readable += 1
            except SealBroken:
                outcome.unreadable += 1
        if len(rows) < batch:
            return outcome
        after = rows[-1][0]


def reseal_all(database: Database, ring: SealingRing, batch: int = BATCH_ROWS) -> Resealed:
    """Walk all rows in batches, each a transaction. It may be stopped and run again, while the service serves."""
    outcome, after = Resealed(), b""
    while True:
        with database.transaction() as connection:
            rows = key_pairs.sealed_after(connection, after, batch)
            for public_key, sealed in rows:
                if ring.is_current(sealed):
                    outcome.current += 1
                    continue
                try:
                    private_key = ring.open(sealed, public_key)
                except SealBroken:
                    outcome.unreadable += 1
                    continue
                key_pairs.reseal(connection, public_key, ring.seal(private_key, public_key))
                outcome.resealed += 1
        if len(rows) < batch:
            return outcome
        after = rows[-1][0]
