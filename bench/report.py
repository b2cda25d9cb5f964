"""The report of a run, as a table and as JSON."""

import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from bench.context import Options
from bench.figures import Figures, Row

_NOTHING: Final = "–"
_BYTES_PER_GIGABYTE: Final = 1024**3

_COLUMNS: Final[Sequence[tuple[str, Callable[[Row], str]]]] = (
    ("scenario", lambda row: row.scenario),
    ("server", lambda row: row.server),
    ("measured", lambda row: _value(row.figures)),
    ("p50 ms", lambda row: _number(row.figures.p50_ms)),
    ("p95 ms", lambda row: _number(row.figures.p95_ms)),
    ("p99 ms", lambda row: _number(row.figures.p99_ms)),
    ("errors", lambda row: str(row.figures.errors)),
    ("server CPU ms", lambda row: _number(row.figures.server_cpu_ms)),
    ("database CPU ms", lambda row: _number(row.figures.database_cpu_ms)),
    ("memory MB", lambda row: _number(row.figures.memory_mb)),
    ("floor", lambda row: f"{_value(row.floor)} {row.floor_name}" if row.floor else _NOTHING),
    ("ratio", lambda row: _number(row.ratio)),
    ("by CPU", lambda row: _number(row.cpu_ratio)),
    ("to first", lambda row: _number(row.ratio_to_first)),
    ("goal", lambda row: row.goal.text if row.goal else _NOTHING),
    ("met", lambda row: {None: _NOTHING, True: "yes", False: "NO"}[row.is_met]),
)


_VERSIONS: Final = ("flask", "granian", "gunicorn", "psycopg2-binary", "sqlalchemy")


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table with aligned columns, followed by skipped scenarios and remarks."""
    measured = [row for row in rows if not row.skipped]
    cells = [[title for title, _ in _COLUMNS], *([show(row) for _, show in _COLUMNS] for row in measured)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_COLUMNS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    remarks = [f"- {row.scenario}, {row.server}: skipped, {row.skipped}" for row in rows if row.skipped]
    remarks += [f"- {row.scenario}, {row.server}: {note}" for row in measured for note in row.figures.notes]
    return "\n".join([*lines, *(["", *remarks] if remarks else [])]) + "\n"


def _value(figures: Figures | None) -> str:
    if figures is None or figures.value is None:
        return _NOTHING
    return f"{_number(figures.value)}/s" if figures.per_second is not None else f"{_number(figures.value)} s"


def _number(value: float | None) -> str:
    """Return a number with about three digits, which is as precise as it is."""
    if value is None:
        return _NOTHING
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def as_json(rows: Sequence[Row], options: Options) -> str:
    """Return the rows with all measurements, the machine, versions and options, as JSON."""
    return json.dumps(
        {
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "versions": {name: version(name) for name in _VERSIONS},
            "options": asdict(options),
            "rows": [_row(row) for row in rows],
        },
        indent=1,
    )


def _row(row: Row) -> dict[str, Any]:
    if row.skipped:
        return {"scenario": row.scenario, "server": row.server, "skipped": row.skipped}
    return {
        "scenario": row.scenario,
        "server": row.server,
        "figures": asdict(row.figures),
        "floor": {"name": row.floor_name, **asdict(row.floor)} if row.floor else None,
        "ratio": row.ratio,
        "cpu_ratio": row.cpu_ratio,
        "ratio_to_first": row.ratio_to_first,
        "goal": row.goal.text if row.goal else None,
        "met": row.is_met,
    }


def machine() -> dict[str, Any]:
    """Return a description of the machine that does not identify it."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(pages / _BYTES_PER_GIGABYTE),
        "system": platform.system(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
