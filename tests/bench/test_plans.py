"""The plans of every query, and that what phones and archives wait for reads no large table from end to end."""

from pathlib import Path
from typing import Final

from bench.plans import Plan, _plans, summarised, without_values
from tests.support.torture import only_in_ci

KEYS: Final = 200_000
# Modules and statements. Whatever else reads a table from end to end does so in the background, or for the operator.
WAITED_FOR: Final = (
    "archive_parts",
    "claims",
    "codes",
    "export_archives",
    "exposure_keys.count_published",
    "exposure_keys.shapes",
    "exposure_keys.wrapped",
    "uploads",
)


def test_the_summary_lists_sequential_scans_and_unexplained_statements() -> None:
    plans = [
        Plan("codes.issue", "Insert", 0.1),
        Plan("counters.fold", "Seq Scan on events", 250.0, ["events"]),
        Plan("new.statement", "not explained: bench/plans.py has no value for moon"),
    ]
    lines = summarised(plans, 1_000).splitlines()
    assert lines[1].split() == ["codes.issue", "0.10"]
    assert lines[2].split() == ["counters.fold", "250.00", "all", "of", "events"]
    assert lines[3].endswith("no value for moon")


def test_every_statement_of_the_store_is_explained() -> None:
    assert without_values() == {}


@only_in_ci
def test_statements_of_requests_do_not_scan_large_tables(tmp_path: Path) -> None:
    plans = _plans(tmp_path, KEYS)
    found = {which: plans_of(plans, which) for which in WAITED_FOR}
    assert [f"{plan.name}: {plan.text}" for plan in plans if plan.milliseconds is None] == []
    assert [which for which in WAITED_FOR if not found[which]] == []
    assert {plan.name: plan.scanned for of_one in found.values() for plan in of_one if plan.scanned} == {}


def plans_of(plans: list[Plan], which: str) -> list[Plan]:
    """Return the plans of a module, or of one of its statements."""
    return [plan for plan in plans if plan.name == which or plan.name.startswith(f"{which}.")]
