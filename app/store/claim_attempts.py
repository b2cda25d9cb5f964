"""The ledger of networks that tried wrong codes. Claims write it (see `claims`); here it is emptied."""

from datetime import datetime

from sqlalchemy import Connection, text

_PURGE = text("""
    DELETE FROM failed_key_claim_attempts WHERE identifier IN (
        SELECT identifier FROM failed_key_claim_attempts WHERE last_failure < :before
        LIMIT :batch FOR UPDATE SKIP LOCKED
    )
""")


def purge(connection: Connection, before: datetime, batch: int) -> int:
    """Delete entries whose last failure was before a moment; return how many (rule 46)."""
    return connection.execute(_PURGE, {"before": before, "batch": batch}).rowcount
