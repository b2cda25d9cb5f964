"""The plans of every query."""

from bench.plans import Plan, summarised, without_values


def test_the_summary_names_what_reads_a_large_table_from_end_to_end_and_what_was_not_explained() -> None:
    plans = [
        Plan("codes.issue", "Insert", 0.1),
        Plan("counters.fold", "Seq Scan on events", 250.0, ["events"]),
        Plan("new.statement", "not explained: bench/plans.py has no value for moon"),
    ]
    lines = summarised(plans, 1_000).splitlines()
    assert lines[1].split() == ["codes.issue", "0.10"]
    assert lines[2].split() == ["counters.fold", "250.00", "all", "of", "events"]
    assert lines[3].endswith("no value for moon")


def test_every_statement_of_the_store_can_be_explained() -> None:
    assert without_values() == {}
