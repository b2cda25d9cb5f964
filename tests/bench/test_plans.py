"""Query plans (bench/plans.py): statements of requests and of archive builds do not scan large tables."""

from pathlib import Path
from typing import Final

from bench.plans import Plan, _plans, summarised, without_values
from tests.support.torture import only_in_ci

KEYS: Final = 200_000
# Modules and statements of app/store. Others may scan a table: they run in the background or for the operator.
OF_REQUESTS: Final = (
    "archive_parts",
    "claims",
    "codes",
    "export_archives",
    "diagnosis_keys.count_exported",
    "diagnosis_keys.shapes",
    "diagnosis_keys.wrapped",
    "uploads",
)


def test_the_summary_lists_sequential_scans_and_unexplained_statements() -> None:
    plans = [
        Plan("codes.issue", "Insert", 0.1),
        Plan("counters.roll_up", "Seq Scan on events", 250.0, ["events"]),
        Plan("new.statement", "not explained: bench/plans.py has no value for moon"),
    ]
    lines = summarised(plans, 1_000).splitlines()
    assert lines[1].split() == ["codes.issue", "0.10"]
    assert lines[2].split() == ["counters.roll_up", "250.00", "all", "of", "events"]
    assert lines[3].endswith("no value for moon")


def test_every_statement_of_the_store_is_explained() -> None:
    assert without_values() == {}


@only_in_ci
def test_statements_of_requests_do_not_scan_large_tables(tmp_path: Path) -> None:
    plans = _plans(tmp_path, KEYS)
    found = {which: plans_of(plans, which) for which in OF_REQUESTS}
    assert [f"{plan.name}: {plan.text}" for plan in plans if plan.milliseconds is None] == []
    assert [which for which in OF_REQUESTS if not found[which]] == []
    assert {plan.name: plan.scanned for of_one in found.values() for plan in of_one if plan.scanned} == {}


def plans_of(plans: list[Plan], which: str) -> list[Plan]:
    """Return the plans of a module, or of one of its statements."""
    return [plan for plan in plans if plan.name == which or plan.name.startswith(f"{which}.")]
