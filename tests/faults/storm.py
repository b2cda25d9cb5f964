"""Inject a fault under load and check how the service copes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.support.load import FAULTS, Exchange, Load
from tests.support.stack import Stack
from tests.support.torture import times

# DATABASE_TIMEOUT_SECONDS is 5: a request may wait that long for a connection and again for its statement. The rest is
# for a busy machine; a request that nothing limits would wait for the minute of tests/support/load.py.
BUDGET_SECONDS: Final = 40.0
RECOVERY_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Outcome:
    """The result of a fault: the load, and the times of start, end and recovery (monotonic, seconds)."""

    load: Load
    began: float
    lifted: float
    recovered: float

    @property
    def failures(self) -> list[Exchange]:
        """The requests that failed."""
        return self.load.failures


ROWS: Final[list[tuple[str, ...]]] = []


def endure(stack: Stack, name: str, fault: Callable[[], object], until: Callable[[], object] | None = None) -> Outcome:
    """Run `fault` under load; return the outcome once every route answers and `until`, if given, holds.

    `fault` returns when it has ended. Acknowledged data must then be stored, and other data entirely or not at all.
    """
    with Load(stack, pause_seconds=times(0.06, 0.02)) as load:
        started = time.monotonic()
        stack.wait_for(lambda: load.is_well_since(started), "every route answers before the fault")
        assert load.failures == []
        began = time.monotonic()
        fault()
        lifted = time.monotonic()
        if until is not None:
            stack.wait_for(until, "the component works again", RECOVERY_SECONDS)
        component_works = time.monotonic() if until is not None else lifted
        stack.wait_for(lambda: load.is_well_since(lifted), "every route answers again", RECOVERY_SECONDS)
    recovered = max([component_works, *(exchange.ended for exchange in load.failures)])
    outcome = Outcome(load, began, lifted, recovered)
    _record(name, outcome)
    _check_data(stack, load)
    _check_answers(outcome)
    return outcome


def _record(name: str, outcome: Outcome) -> None:
    lasted = outcome.lifted - outcome.began
    ROWS.append(
        (
            name,
            f"{lasted:.1f}" if lasted > 1 else "-",
            str(len(outcome.load.exchanges)),
            outcome.load.summary(),
            f"{outcome.load.slowest.seconds:.1f} ({outcome.load.slowest.route})",
            f"{outcome.recovered - outcome.lifted:.1f}",
        )
    )


def table() -> str:
    """Return the recorded outcomes as a Markdown table."""
    head = ("fault", "lasted (s)", "requests", "failures seen by clients", "longest wait (s)", "recovered after (s)")
    lines = [head, tuple("---" for _ in head), *ROWS]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _check_data(stack: Stack, load: Load) -> None:
    stored = {bytes(row[0]) for row in stack.query("SELECT key_data FROM diagnosis_keys")}
    assert [keys for keys in load.acknowledged if not keys <= stored] == [], "an acknowledged upload is lost"
    assert [keys for keys in load.unacknowledged if keys & stored not in (set(), keys)] == [], (
        "an upload is stored partially"
    )
    registered = {bytes(row[0]) for row in stack.query("SELECT app_public_key FROM encryption_keys") if row[0]}
    assert set(load.granted) <= registered, "a granted claim is lost"
    assert stack.query("SELECT * FROM failed_key_claim_attempts") == [], "a fault was counted as a failed claim (D7)"


def _check_answers(outcome: Outcome) -> None:
    """Check that failures have the form of their route, and that no request waits longer than the budget."""
    for exchange in outcome.failures:
        if isinstance(exchange.outcome, int):
            assert exchange.outcome in (500, 503), exchange
            assert exchange.body == FAULTS[exchange.route], exchange
        assert exchange.began < outcome.recovered, exchange
    assert outcome.load.slowest.seconds < BUDGET_SECONDS, outcome.load.slowest
