"""One pool of connections for all applications of a test process with the same database and the same limits.

Each test has an application of its own. Connecting, and compiling every statement again, would take a third of the time
of the tests.
"""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine

from app.config import CommonSettings
from app.database import engine as engines
from app.database.database import Database

_Make = Callable[[Flask, CommonSettings], Database]
_make_own = engines.init_database


class _SharedDatabase(Database):
    def dispose(self) -> None:
        """Leave the idle connections to the next test."""
        self._watchdog.stop()


def share_pool(url: str) -> None:
    """Let applications share the pool of a database from now on. Traced ones have a pool of their own."""
    engines.init_database = _sharing(url)


def use_own_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let applications have pools of their own, in one test: how many connections it finds is then known."""
    monkeypatch.setattr(engines, "init_database", _make_own)


def _sharing(url: str) -> _Make:
    shared: dict[str, Engine] = {}

    def init_database(app: Flask, settings: CommonSettings) -> Database:
        database = _make_own(app, settings)
        if settings.database_url != url or settings.otel_exporter_otlp_endpoint is not None:
            return database
        engine = shared.setdefault(repr(engines.engine_options(settings)), database._engine)
        return _SharedDatabase(engine, settings.database_timeout_seconds + 1)

    return init_database
