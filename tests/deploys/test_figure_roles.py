"""Figures with the roles of docs/operations.md: the status page cannot read what it may not show."""

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg2
import pytest

from app.config import PORTAL, STATUS, SUBMISSION
from app.figures.daily import DailyFigures
from app.figures.digest_delivery import DigestDelivery
from app.figures.readings import FigureReadings
from app.upkeep.monitoring.figures import alerts_of_figures
from tests.support.figures import compute, fill_ledgers
from tests.support.roles import is_refused, url_of
from tests.support.service import Service, start_service
from tests.support.settings import make_settings
from tests.support.smtp import mail_server


@pytest.fixture
def start(owner_url: str, redis_url: str) -> Iterator[Callable[..., Service]]:
    """Start the application of a surface with a role."""
    services: list[Service] = []

    def start(role: str | None, surface: str, **settings: str) -> Service:
        url = url_of(role, owner_url) if role else owner_url
        own = {"SURFACES": surface, "SUBMISSION_URL": "http://127.0.0.1:1"} | settings
        services.append(start_service(make_settings(url, redis_url, **own)))
        return services[-1]

    yield start
    for service in services:
        service.database.dispose()


def test_each_role_can_do_its_part_of_the_figures(start: Callable[..., Service]) -> None:
    owner = start(None, SUBMISSION)
    fill_ledgers(owner, 3, 5)
    worker = start("worker_status", STATUS)
    assert len(compute(worker)) == 3
    FigureReadings(start("worker_submission", SUBMISSION).database).record_levels(worker.clock.now)
    worker.clock.advance(minutes=1)
    readings = FigureReadings(worker.database).now(worker.clock.now)
    assert {each.value for each in readings if each.threshold.selector is None} == {0}
    assert alerts_of_figures(readings, worker.clock.now)[0] == []
    page = start("status", STATUS).client.get("/status/en/figures")
    assert page.status_code == 200
    assert page.text.count('role="img"') == 7
    portal = start("portal", PORTAL)
    assert len(FigureReadings(portal.database).now(portal.clock.now)) == len(readings)


def test_the_worker_of_status_can_send_a_digest(start: Callable[..., Service]) -> None:
    with mail_server() as server:
        worker = start("worker_status", STATUS, DIGEST_EMAILS="team@health.example", MAIL_URL=server.url)
        DailyFigures(worker.database).compute(worker.clock.now)
        assert DigestDelivery(worker.database, worker.settings.status, lambda _: None).send_due(worker.clock.now)
        assert len(server.messages) == 1


def test_the_status_page_cannot_read_a_count(start: Callable[..., Service], owner_url: str) -> None:
    with closing(psycopg2.connect(url_of("status", owner_url))) as connection, connection.cursor() as cursor:
        assert not is_refused(cursor, "SELECT day, place, figure, published FROM daily_figures")
        for sql in (
            "SELECT count FROM daily_figures",
            "SELECT * FROM daily_figures",
            "SELECT day FROM daily_figures WHERE count < 20",
            "SELECT * FROM events",
            "SELECT * FROM tek_upload_count",
            "SELECT * FROM otk_life_duration",
            "UPDATE daily_figures SET published = published",
            "DELETE FROM daily_figures",
        ):
            assert is_refused(cursor, sql), sql


def test_a_day_that_is_stored_cannot_be_changed(owner_url: str) -> None:
    for role in ("worker_status", "portal", "worker_submission", "submission"):
        with closing(psycopg2.connect(url_of(role, owner_url))) as connection, connection.cursor() as cursor:
            assert is_refused(cursor, "UPDATE daily_figures SET published = count"), role
