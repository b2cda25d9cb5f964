"""Codes and key pairs: merged with existing rows, which may have changed since an earlier import."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from app.importing.arrays import arrays, unnested
from app.importing.destination import Destination, stored_code, stored_hash_id, stored_private_key
from app.importing.outcome import Outcome

_COLUMNS: Final = {
    "server_public_key": "bytea",
    "server_private_key": "bytea",  # pragma: allowlist secret
    "app_public_key": "bytea",
    "one_time_code": "text",
    "hash_id": "text",
    "remaining_keys": "smallint",
    "created": "timestamptz",
    "region": "text",
    "originator": "text",
}
_NAMES: Final = ", ".join(_COLUMNS)

_BRING: Final = text(f"CREATE TEMPORARY TABLE brought ON COMMIT DROP AS SELECT * FROM {unnested(_COLUMNS)}")  # noqa: S608

# A phone's key belongs to one pair: an existing pair with it is more recent.
_KEY_IS_FREE = """
    NOT EXISTS (
        SELECT FROM encryption_keys AS other WHERE other.app_public_key = brought.app_public_key
        AND other.server_public_key <> pair.server_public_key
    )
"""
# A code claimed on the public server becomes claimed, and keys uploaded there are charged, but never the reverse: a
# pair that was claimed in this service keeps its phone, and no pair regains keys.
_UPDATE: Final = text(f"""
    UPDATE encryption_keys AS pair SET
        app_public_key = brought.app_public_key,
        one_time_code = NULL,
        created = brought.created,
        remaining_keys = least(pair.remaining_keys, brought.remaining_keys)
    FROM brought
    WHERE pair.server_public_key = brought.server_public_key AND brought.app_public_key IS NOT NULL
      AND (
        (pair.app_public_key IS NULL AND {_KEY_IS_FREE})
        OR (pair.app_public_key = brought.app_public_key AND pair.remaining_keys > brought.remaining_keys)
      )
""")  # noqa: S608 - all parts are constants

# Pairs that do not exist, were not deleted or replaced since an earlier import, and have not expired.
_IS_MISSING = """
    NOT EXISTS (SELECT FROM encryption_keys AS here WHERE here.server_public_key = brought.server_public_key)
    AND NOT EXISTS (SELECT FROM imported_key_pairs AS mark WHERE mark.server_public_key = brought.server_public_key)
    AND brought.remaining_keys > 0 AND brought.created > :oldest_pair
    AND (brought.app_public_key IS NOT NULL OR brought.created > :oldest_code)
"""
# A hashID whose code is unclaimed in this service, and newer or claimed on the public server: the old code is invalid
# (rule 20).
_REPLACE: Final = text(f"""
    UPDATE encryption_keys AS pair SET
        server_public_key = brought.server_public_key,
        server_private_key = brought.server_private_key,
        app_public_key = brought.app_public_key,
        one_time_code = brought.one_time_code,
        remaining_keys = brought.remaining_keys,
        created = brought.created,
        region = brought.region
    FROM brought
    WHERE pair.originator = brought.originator AND pair.hash_id = brought.hash_id AND pair.app_public_key IS NULL
      AND (brought.app_public_key IS NOT NULL OR brought.created > pair.created)
      AND {_IS_MISSING} AND {_KEY_IS_FREE}
""")  # noqa: S608 - all parts are constants
_INSERT: Final = text(f"""
    INSERT INTO encryption_keys ({_NAMES}) SELECT {_NAMES} FROM brought WHERE {_IS_MISSING} ON CONFLICT DO NOTHING
""")  # noqa: S608 - all parts are constants
_MARK: Final = text("""
    INSERT INTO imported_key_pairs (server_public_key)
    SELECT server_public_key FROM brought JOIN encryption_keys USING (server_public_key)
    ON CONFLICT DO NOTHING
""")
# Other rows have a code or a phone's key that is in use.
_COUNT_REFUSED: Final = text(f"""
    SELECT count(*) FROM brought WHERE {_IS_MISSING} AND NOT EXISTS (
        SELECT FROM encryption_keys AS pair
        WHERE pair.originator = brought.originator AND pair.hash_id = brought.hash_id
    )
""")  # noqa: S608 - all parts are constants

# The purge would count them again. Rows that this service issued are left to the purge.
_DELETE_EXPIRED: Final = text("""
    DELETE FROM encryption_keys AS pair USING imported_key_pairs AS mark
    WHERE pair.server_public_key = mark.server_public_key
      AND (pair.created < :oldest_pair OR (pair.app_public_key IS NULL AND pair.created < :oldest_code))
""")


def write(connection: Connection, to: Destination, batch: Sequence[Mapping[str, Any]], outcome: Outcome) -> None:
    """Merge a batch, in its own transaction."""
    limits = _limits(to)
    connection.execute(_BRING, arrays(_COLUMNS, [_stored(row, to) for row in batch]))
    updated = connection.execute(_UPDATE).rowcount + connection.execute(_REPLACE, limits).rowcount
    new = connection.execute(_INSERT, limits).rowcount
    connection.execute(_MARK)
    refused = int(connection.execute(_COUNT_REFUSED, limits).scalar_one())
    outcome.new += new
    outcome.updated += updated
    outcome.unchanged += len(batch) - new - updated - refused
    outcome.refuse("its code, or its phone's key, is in use here", refused)


def delete_expired(to: Destination) -> int:
    """Delete imported pairs that have expired since, which the public server has counted; return how many."""
    with to.transaction(long=True) as connection:
        return connection.execute(_DELETE_EXPIRED, _limits(to)).rowcount


def _limits(to: Destination) -> dict[str, Any]:
    return {"oldest_pair": to.limits.oldest_pair, "oldest_code": to.limits.oldest_code}


def _stored(row: Mapping[str, Any], to: Destination) -> dict[str, Any]:
    """Return a row in its stored form: sealed and hashed."""
    return {
        **row,
        "server_private_key": stored_private_key(to.ring, row["server_private_key"], row["server_public_key"]),
        "one_time_code": stored_code(to.ring, row["one_time_code"]),
        "hash_id": stored_hash_id(to.ring, row["hash_id"]),
    }
