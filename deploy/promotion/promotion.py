"""The steps of a promotion, in their order. Each ends the promotion if it fails, and what was begun is rolled back."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from deploy.promotion import objectives
from deploy.promotion.commands import run_module, run_shell
from deploy.promotion.errors import PromotionError
from deploy.promotion.load import run_load
from deploy.promotion.notes import post_note
from deploy.promotion.plan import PRODUCTION, STAGING, Environment, Plan
from deploy.promotion.record import Journal, Record, from_json, to_json

_TICK_SECONDS: Final = 10.0
_NOTE_CHARACTERS: Final = 500
_STATUS_SECONDS: Final = 180.0  # that a document may be late


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much is tried on staging, and how long objectives are waited for."""

    people: int = 1000
    load_seconds: float = 120.0
    rate: int = 20  # requests a second
    settle_seconds: float = 90.0  # until a key is in the archive
    # A minute ends, its counts are folded within 30 seconds, and published within a minute.
    measured_seconds: float = 165.0


@dataclass(frozen=True)
class Step:
    """A step: what it does, and the environment whose command it undoes when it or a later step fails."""

    name: str
    environment: Environment
    run: Callable[[], None]
    undo: str = ""  # the command


class Promotion:
    """A promotion of a release by a plan. `only` leaves the other environment out."""

    def __init__(self, plan: Plan, record: Record, journal: Journal, sizes: Sizes, only: str = "") -> None:
        self._plan, self._record, self._journal, self._sizes, self._only = plan, record, journal, sizes, only

    def run(self) -> None:
        """Do the steps that are not done. Raises PromotionError after what was begun has been rolled back."""
        for step in self._steps():
            if step.name in self._record.done:
                self._journal.report(f"{step.name}: done before")
                continue
            self._run(step)

    def roll_back(self) -> None:
        """Undo what was begun in the environment of the last step. Raises PromotionError if that fails.

        No command has run in an environment whose status from before was not read.
        """
        reached = [step for step in self._steps() if step.name in (*self._record.done, self._record.begun)]
        undone = [step for step in reached if step.environment is reached[-1].environment and step.undo]
        if not undone or undone[-1].environment.name not in self._record.before:
            return
        environment, command = undone[-1].environment, undone[-1].undo
        self._journal.report(f"{environment.name}: rolling back")
        began = time.monotonic()
        try:
            run_shell(self._journal, command, self._record.version)
        except PromotionError as error:
            self._note(environment, f"roll-back FAILED: {error}")
            raise PromotionError(f"{environment.name}: the roll-back failed too, act now: {error}") from None
        self._note(environment, f"rolled back after {time.monotonic() - began:.0f} s")

    def _run(self, step: Step) -> None:
        self._record.begun = step.name
        self._journal.save(self._record)
        self._journal.report(f"{step.name}: begins")
        began = time.monotonic()
        try:
            step.run()
        except PromotionError as error:
            self._note(step.environment, f"{step.name} failed: {error}")
            self.roll_back()
            self._journal.delete()
            raise PromotionError(f"{step.name}: {error}") from None
        self._record.done.append(step.name)
        self._record.begun = ""
        self._journal.save(self._record)
        self._note(step.environment, f"{step.name} passed after {time.monotonic() - began:.0f} s")

    def _note(self, environment: Environment, text: str) -> None:
        """Report an outcome, and add it to the timeline of incidents of its environment."""
        self._journal.report(text)
        missed = post_note(environment, f"Release {self._record.version}: {text}"[:_NOTE_CHARACTERS])
        if missed:
            self._journal.report(f"not noted on the timeline of {environment.name}: {missed}")

    def _steps(self) -> Iterator[Step]:
        staging, production = self._plan.staging, self._plan.production
        if self._only != PRODUCTION:
            yield Step(f"{STAGING}: deploy", staging, lambda: self._deploy(staging, staging.deploy), staging.rollback)
            yield Step(f"{STAGING}: smoke test", staging, self._smoke)
            yield Step(f"{STAGING}: city of {self._sizes.people} people", staging, self._city)
            yield Step(f"{STAGING}: load", staging, self._load)
            yield Step(f"{STAGING}: objectives", staging, lambda: self._objectives(staging, 0))
        if self._only != STAGING:
            soak, undo = production.soak_seconds, production.canary_rollback or production.rollback
            yield Step(f"{PRODUCTION}: canary", production, lambda: self._deploy(production, production.canary), undo)
            yield Step(
                f"{PRODUCTION}: objectives of the canary", production, lambda: self._objectives(production, soak)
            )
            if production.all:
                every = lambda: run_shell(self._journal, production.all, self._record.version)  # noqa: E731
                yield Step(f"{PRODUCTION}: all", production, every, production.rollback)
                yield Step(f"{PRODUCTION}: objectives", production, lambda: self._objectives(production, soak))

    def _deploy(self, environment: Environment, command: str) -> None:
        """Keep the status as it was before, and run a command. A repeated step keeps that of the first time."""
        if environment.name not in self._record.before:
            self._record.before[environment.name] = to_json(objectives.fetch(environment.status_url))
            self._journal.save(self._record)
        run_shell(self._journal, command, self._record.version)

    def _smoke(self) -> None:
        settle = ["--settle", str(self._sizes.settle_seconds)]
        run_module(self._journal, "deploy.promotion.smoke", settle, self._plan.staging.client_variables())

    def _city(self) -> None:
        sizes = ["--people", str(self._sizes.people)]
        run_module(self._journal, "clients.city", sizes, self._plan.staging.client_variables())

    def _load(self) -> None:
        variables = self._plan.staging.client_variables()
        figures = run_load(variables, self._sizes.rate, self._sizes.load_seconds)
        p99 = f"{figures.p99_ms:.0f} ms" if figures.p99_ms is not None else "unknown"
        self._journal.report(f"{figures.requests} requests, {figures.errors} failed, 99 % within {p99}")

    def _objectives(self, environment: Environment, soak: float) -> None:
        self._wait(soak)
        before = from_json(self._record.before[environment.name])
        moment = objectives.now() + timedelta(seconds=self._sizes.measured_seconds)
        self._journal.report(f"waiting for the status of {moment:%H:%M:%S} UTC")
        limit = self._sizes.measured_seconds + _STATUS_SECONDS
        after = objectives.fetch_after(environment.status_url, moment, limit)
        if found := objectives.problems(before, after):
            raise PromotionError("; ".join(found))

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._journal.report(f"{left:.0f} s until the objectives are looked at")
            time.sleep(min(left, _TICK_SECONDS))
