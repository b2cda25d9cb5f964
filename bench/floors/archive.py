"""The floor of building an archive: COPY of the rows from PostgreSQL, and compression of their bytes."""

import io
import time
import zipfile
import zlib
from contextlib import closing
from typing import Final

from app.domain.timeline import HOURS_PER_DAY
from bench import stock

_CHUNK_BYTES: Final = 1 << 20
_EXPORT: Final = "export.bin"
_ROWS: Final = """
    SELECT key_data, rolling_start_interval_number, rolling_period, transmission_risk_level FROM diagnosis_keys
    WHERE hour_of_submission >= %(first_hour)s AND hour_of_submission < %(end_hour)s ORDER BY key_data
"""


class _Nowhere(io.RawIOBase):
    """Discards the output of COPY."""

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:  # noqa: ARG002 - discarded
        return 0


def copy_seconds(database_url: str, day: int) -> float:
    """Return the seconds that COPY takes for the rows of a day, in the order of their data."""
    with closing(stock.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SET work_mem = '64MB'")
        rows = cursor.mogrify(_ROWS, {"first_hour": day * HOURS_PER_DAY, "end_hour": (day + 1) * HOURS_PER_DAY})
        began = time.perf_counter()
        cursor.copy_expert(f"COPY ({rows.decode()}) TO STDOUT (FORMAT binary)", _Nowhere())
        return time.perf_counter() - began


def zlib_seconds(archive: bytes) -> float:
    """Return the seconds that zlib takes to compress the content of an archive, at the default level of zip files."""
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        content = file.read(_EXPORT)
    began = time.perf_counter()
    compressor = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -zlib.MAX_WBITS)
    for first in range(0, len(content), _CHUNK_BYTES):
        compressor.compress(content[first : first + _CHUNK_BYTES])
    compressor.flush()
    return time.perf_counter() - began
