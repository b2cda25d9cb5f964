"""Query plans of the service with many stored keys: `python -m bench.plans --keys 20000000`.

Fills a scratch database and runs EXPLAIN ANALYZE for each statement of app/store, in a transaction that is rolled back.
Statements are discovered, so that a new one cannot be forgotten. Values for their parameters come from one table, by
name.
"""

import argparse
import importlib
import pkgutil
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from sqlalchemy import TextClause
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2

from app import create_app, store
from app.config import Settings
from app.database.migrations import migrate_database
from app.database.statement import Statement
from bench import millions
from bench.plan_values import common_values, other_values
from bench.stopping import stop_in_order_on_sigterm
from local.secrets import load_secrets
from processes.postgres import EmbeddedPostgres

_RESULT: Final = Path(__file__).parent / "results" / "plans.txt"
# These stay small under any load: 32 archives, in a few parts each.
_SMALL_TABLES: Final = frozenset({"export_archives", "export_archive_parts"})
_NOT_EXPLAINED: Final = ("SET", "TRUNCATE")
_PSYCOPG2: Final = PGDialect_psycopg2()  # type: ignore[no-untyped-call]
_PARAMETER: Final = re.compile(r"%\((\w+)\)s")
_SCAN: Final = re.compile(r"Seq Scan on (\w+)")
_TIME: Final = re.compile(r"Execution Time: ([\d.]+) ms")


@dataclass(frozen=True)
class Plan:
    """A statement's name and plan, its time in milliseconds, and the large tables that it scans sequentially."""

    name: str
    text: str
    milliseconds: float | None = None
    scanned: Sequence[str] = ()


@dataclass(frozen=True)
class _Part:
    """The SQL to explain, and the SQL that prepares it (empty for statements that are not prepared)."""

    sql: str
    prepare_sql: str = ""


def main() -> int:
    """Fill the database, explain the statements, and write the plans."""
    parser = argparse.ArgumentParser(prog="python -m bench.plans", description=__doc__)
    parser.add_argument("--keys", type=int, default=1_000_000, help="stored: %(default)s")
    parser.add_argument("--output", type=Path, default=_RESULT, help="bench/results/plans.txt")
    options = parser.parse_args()
    stop_in_order_on_sigterm()
    with tempfile.TemporaryDirectory(prefix="exposure-alert-plans-") as folder:
        plans = _plans(Path(folder), options.keys)
    summary = summarised(plans, options.keys)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(summary + "".join(f"\n=== {plan.name}\n{plan.text}\n" for plan in plans))
    sys.stdout.write(summary)
    return 0


def _plans(folder: Path, keys: int) -> list[Plan]:
    # Durability does not affect plans.
    with EmbeddedPostgres(folder / "postgres", durable=False) as postgres:
        _migrate(postgres.url, folder)
        began = time.perf_counter()
        millions.fill(postgres.url, keys)
        sys.stderr.write(f"filled in {time.perf_counter() - began:.0f} s\n")
        return list(_explain(postgres.url))


def _migrate(url: str, folder: Path) -> None:
    secrets = load_secrets(folder / "secrets.env", {})
    environment = {**secrets, "DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:1/0"}
    app = create_app(Settings.from_environment(environment))
    migrate_database(app)
    app.context.database.dispose()


def _explain(url: str) -> Iterator[Plan]:
    values = common_values()
    with closing(psycopg2.connect(url, options="-c plan_cache_mode=force_generic_plan")) as connection:
        for module, name, parts in _statements():
            if parts[0].sql.startswith(_NOT_EXPLAINED):
                continue
            own_values = {**values, **other_values(module)}
            missing = ", ".join(sorted(_parameters(parts) - set(own_values)))
            if missing:
                yield Plan(f"{module}.{name}", f"not explained: bench/plans.py has no value for {missing}")
                continue
            try:
                _apply_settings_of(connection, module)
                yield from _explain_one(connection, f"{module}.{name}", parts, own_values)
            except psycopg2.Error as error:
                yield Plan(f"{module}.{name}", f"not explained: {str(error).splitlines()[0]}")
            connection.rollback()


def without_values() -> dict[str, set[str]]:
    """Return the parameters without a value, by statement. The result should be empty."""
    values = common_values()
    unknown = {
        f"{module}.{name}": _parameters(parts) - set(values) - set(other_values(module))
        for module, name, parts in _statements()
    }
    return {name: missing for name, missing in unknown.items() if missing}


def _parameters(parts: Sequence[_Part]) -> set[str]:
    return {name for part in parts for name in _PARAMETER.findall(part.sql)}


def _statements() -> Iterator[tuple[str, str, Sequence[_Part]]]:
    """Yield every statement of the store: its module, its name, and its parts."""
    for module_info in pkgutil.iter_modules(store.__path__):
        module = importlib.import_module(f"{store.__name__}.{module_info.name}")
        for name, value in vars(module).items():
            for which, parts in _parts(value):
                yield module_info.name, name.strip("_").lower() + which, parts


def _parts(value: object) -> Iterator[tuple[str, Sequence[_Part]]]:
    """Yield the parts of a statement; for a tuple of statements, those of each, with its number."""
    statements = value if isinstance(value, tuple) else (value,)
    for number, statement in enumerate(statements, 1):
        which = f", {number} of {len(statements)}" if len(statements) > 1 else ""
        if isinstance(statement, TextClause):
            yield which, (_Part(str(statement.compile(dialect=_PSYCOPG2))),)
        elif isinstance(statement, Statement):
            yield which, [_Part(part.execute_sql, part.prepare_sql) for part in statement.parts]


def _apply_settings_of(connection: Connection, module: str) -> None:
    """Apply the SET statements of the module, such as the memory for sorting."""
    with connection.cursor() as cursor:
        for other, _, (first, *_others) in _statements():
            if other == module and first.sql.startswith("SET"):
                cursor.execute(first.sql)


def _explain_one(
    connection: Connection, name: str, parts: Sequence[_Part], values: Mapping[str, Any]
) -> Iterator[Plan]:
    """Explain each part of a statement. A prepared part gets a generic plan."""
    with connection.cursor() as cursor:
        for number, part in enumerate(parts, 1):
            if part.prepare_sql:
                cursor.execute("DEALLOCATE ALL")
                cursor.execute(part.prepare_sql)
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {part.sql}", values)
            text = "\n".join(line for (line,) in cursor.fetchall())
            scanned = sorted(set(_SCAN.findall(text)) - _SMALL_TABLES)
            found = _TIME.search(text)
            label = f"{name}, {number} of {len(parts)}" if len(parts) > 1 else name
            yield Plan(label, text, float(found[1]) if found else None, scanned)


def summarised(plans: Sequence[Plan], keys: int) -> str:
    """Return a table of the time of each statement, and of the large tables that it scans sequentially."""
    lines = [f"{keys:,} keys stored. Milliseconds of each statement, and the large tables that it scans sequentially:"]
    width = max(len(plan.name) for plan in plans)
    for plan in plans:
        if plan.milliseconds is None:
            lines.append(f"{plan.name:<{width}} {plan.text}")
            continue
        scanned = f"   all of {', '.join(plan.scanned)}" if plan.scanned else ""
        lines.append(f"{plan.name:<{width}} {plan.milliseconds:>12,.2f}{scanned}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
