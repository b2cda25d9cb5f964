"""Injecting one fault under load, and judging how the service took it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.support.load import FAULTS, Exchange, Load
from tests.support.stack import Stack
from tests.support.torture import times

# DATABASE_TIMEOUT_SECONDS is 5: a request may wait that long for a connection and again for its statement. The rest is
# what a busy machine adds.
BUDGET_SECONDS: Final = 12.0
RECOVERY_SECONDS: Final = 20.0


@dataclass(frozen=True)
class Outcome:
    """How the service took a fault."""

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
    """Let `fault` happen under load, and return how it went once every route answers and `until`, if given, holds.

    A fault that lasts returns when it has been lifted. Whatever was acknowledged must then be there, and whatever was
    not must be there whole or not at all.
    """
    with Load(stack, pause_seconds=times(0.06, 0.02)) as load:
        started = time.monotonic()
        stack.wait_for(lambda: load.is_well_since(started), "all is well before the fault", 30)
        assert load.failures == []
        began = time.monotonic()
        fault()
        lifted = time.monotonic()
        if until is not None:
            stack.wait_for(until, "the part works again", RECOVERY_SECONDS)
        part_works = time.monotonic() if until is not None else lifted
        stack.wait_for(lambda: load.is_well_since(lifted), "every route answers again", RECOVERY_SECONDS + 10)
    recovered = max([part_works, *(exchange.ended for exchange in load.failures)])
    outcome = Outcome(load, began, lifted, recovered)
    _write_down(name, outcome)
    _check_data(stack, load)
    _check_answers(outcome)
    return outcome


def _write_down(name: str, outcome: Outcome) -> None:
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
    """Return all that was written down, as Markdown."""
    head = ("fault", "lasted (s)", "requests", "failures that clients saw", "longest wait (s)", "recovered after (s)")
    lines = [head, tuple("---" for _ in head), *ROWS]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _check_data(stack: Stack, load: Load) -> None:
    stored = {bytes(row[0]) for row in stack.query("SELECT key_data FROM diagnosis_keys")}
    assert [keys for keys in load.acknowledged if not keys <= stored] == [], "an acknowledged upload is lost"
    assert [keys for keys in load.unacknowledged if keys & stored not in (set(), keys)] == [], "an upload is torn"
    registered = {bytes(row[0]) for row in stack.query("SELECT app_public_key FROM encryption_keys") if row[0]}
    assert set(load.granted) <= registered, "a granted claim is lost"
    assert stack.query("SELECT * FROM failed_key_claim_attempts") == [], "a fault was counted against somebody (D7)"


def _check_answers(outcome: Outcome) -> None:
    """Faults are answered in each route's own form, and nobody waits longer than the budget."""
    for exchange in outcome.failures:
        if isinstance(exchange.outcome, int):
            assert exchange.outcome in (500, 503), exchange
            assert exchange.body == FAULTS[exchange.route], exchange
        assert exchange.began < outcome.recovered, exchange
    assert outcome.load.slowest.seconds < BUDGET_SECONDS, outcome.load.slowest
