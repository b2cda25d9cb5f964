"""The lock of the process that mixes stored rows: one at a time, however many workers there are."""

from sqlalchemy import Connection, text

_MIXING_LOCK = 0x6D6978696E67  # "mixing"
_ACQUIRE = text("SELECT pg_advisory_xact_lock(:lock)")


def acquire(connection: Connection) -> None:
    """Acquire the lock until the transaction ends; wait for another process that holds it."""
    connection.execute(_ACQUIRE, {"lock": _MIXING_LOCK})
