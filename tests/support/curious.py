"""A curious administrator, who tries to find out from the database which keys came from one person."""

import re
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from tests.support.service import Service

_ROOT = Path(__file__).parents[2]
_COPIED = re.compile(r"^COPY public\.(\w+) \(([^)]*)\) FROM stdin;\n(.*?)^\\\.$", re.DOTALL | re.MULTILINE)


def joined_by_transaction(service: Service, first: str, second: str) -> int:
    """Return how many rows of two tables were written by the same transaction."""
    sql = f"SELECT count(*) FROM {first} JOIN {second} ON {first}.xmin = {second}.xmin"  # noqa: S608
    ((joined,),) = service.rows(sql)
    return int(joined)


def keys_in_physical_order(service: Service) -> list[bytes]:
    """Return the keys as they are in the table's file."""
    return [bytes(row.key_data) for row in service.rows("SELECT key_data FROM diagnosis_keys ORDER BY ctid")]


def keys_in_transaction_order(service: Service) -> list[bytes]:
    """Return the keys in the order of their transactions and of the commands in them."""
    order = "xmin::text::bigint, cmin::text::bigint, ctid"
    return [bytes(row.key_data) for row in service.rows(f"SELECT key_data FROM diagnosis_keys ORDER BY {order}")]  # noqa: S608


def dumped(service: Service) -> dict[str, list[dict[str, str]]]:
    """Return the rows of a plain dump in its order, by table: texts by column."""
    url = service.settings.database_url.replace("+psycopg2", "")
    script = '. bin/postgres-environment && pg_dump --data-only "$PGDATABASE"'
    environment = {"DATABASE_URL": url, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    dump = subprocess.run(
        ["bash", "-c", script], cwd=_ROOT, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return {
        table: [dict(zip(columns.split(", "), line.split("\t"), strict=True)) for line in lines.splitlines()]
        for table, columns, lines in _COPIED.findall(dump.stdout)
    }


def neighbours_of_one_person(keys: Sequence[bytes], person_of: dict[bytes, int]) -> float:
    """Return how often, from 0 to 1, a key and the next one come from the same person."""
    pairs = list(pairwise(keys))
    return sum(person_of[key] == person_of[following] for key, following in pairs) / len(pairs)


def ascending_runs(keys: Sequence[bytes]) -> list[list[bytes]]:
    """Cut keys where one is smaller than the one before: an upload stores its keys in ascending order."""
    runs: list[list[bytes]] = []
    for key in keys:
        if not runs or key < runs[-1][-1]:
            runs.append([])
        runs[-1].append(key)
    return runs
