"""The public server's tables: the columns that are read, and their types."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.importing import values
from app.importing.errors import InvalidValueError
from app.importing.labels import Labels
from app.importing.values import Reader, binary, integer, nullable, required, text

Row = Mapping[str, str | None]

NOT_MOVED: Final = "failed_key_claim_attempts"


@dataclass(frozen=True, eq=False)
class SourceTable:
    """A table: its columns with their readers, those that hold bytes, and the one that holds a token or a label."""

    name: str
    columns: Mapping[str, Reader]
    hexadecimal: frozenset[str] = frozenset()
    originator: str = "originator"
    needed: bool = False  # an older version of the public server lacks the others

    def read(self, row: Row, labels: Labels) -> dict[str, Any]:
        """Return a row's values as they are stored here, with a label for a token. Raises InvalidValueError."""
        read: dict[str, Any] = {}
        for column, reader in self.columns.items():
            raw = labels.label_of(row[column]) if column == self.originator else row[column]
            try:
                read[column] = reader(raw)
            except ValueError as error:
                raise InvalidValueError(f"{column} {error}") from None
        return read


_KEY = binary(32)
_REGION = required(text(32))
_LABEL = text(64)
_SMALL = required(integer(values.SMALLINT))
_NUMBER = required(integer(values.INTEGER))
_COUNT = required(integer((0, values.INTEGER[1])))

ENCRYPTION_KEYS: Final = SourceTable(
    "encryption_keys",
    {
        "server_public_key": required(_KEY),
        "server_private_key": required(_KEY),
        "app_public_key": nullable(_KEY),
        "one_time_code": nullable(text(10)),
        "hash_id": nullable(text(128)),
        "remaining_keys": required(integer((0, values.SMALLINT[1]))),
        "created": required(values.moment),
        "region": _REGION,
        "originator": nullable(_LABEL),
    },
    hexadecimal=frozenset({"server_public_key", "server_private_key", "app_public_key"}),
    needed=True,
)
DIAGNOSIS_KEYS: Final = SourceTable(
    "diagnosis_keys",
    {
        "key_data": required(binary(16)),
        "rolling_start_interval_number": _NUMBER,
        "rolling_period": _SMALL,
        "transmission_risk_level": _SMALL,
        "hour_of_submission": _COUNT,
        "region": _REGION,
        "originator": nullable(_LABEL),
    },
    hexadecimal=frozenset({"key_data"}),
    needed=True,
)
OUTBREAK_EVENTS: Final = SourceTable(
    "qr_outbreak_events",
    {
        "location_id": required(text(8)),
        "originator": nullable(_LABEL),
        "start_time": required(values.unix_seconds),
        "end_time": required(values.unix_seconds),
        "severity": nullable(integer(values.UNSIGNED), null=0),
        "created": required(values.moment),
    },
)
EVENTS: Final = SourceTable(
    "events",
    {
        "source": required(_LABEL),
        "identifier": required(text(32)),
        "device_type": required(text(16)),
        "date": required(values.day),
        "count": _COUNT,
    },
    originator="source",
)
UPLOADS: Final = SourceTable(
    "tek_upload_count",
    {
        "originator": required(_LABEL),
        "date": required(values.day),
        "count": _COUNT,
        "first_upload": required(values.tinyint_boolean),
    },
)
DURATIONS: Final = SourceTable(
    "otk_life_duration",
    {"originator": required(_LABEL), "hours": _COUNT, "date": required(values.day), "count": _COUNT},
)

# Codes and pairs first: a key that is uploaded during an import may then not be charged, but is not lost.
TABLES: Final = (ENCRYPTION_KEYS, DIAGNOSIS_KEYS, OUTBREAK_EVENTS, EVENTS, UPLOADS, DURATIONS)
