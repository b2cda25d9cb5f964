"""The daily digest, received by a real server for e-mail."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.errors import MailDeliveryError
from app.domain.figures import PLACES
from app.figures.digest_delivery import DigestDelivery
from app.status.document import StatusDocument
from app.store import figure_readings
from tests.support.figures import compute, count_events
from tests.support.service import Service
from tests.support.smtp import MailServer, mail_server
from tests.support.status import document, in_outage

ADDRESSES = "team@health.example,manager@health.example"
YESTERDAY = date(2026, 3, 17)


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A server for e-mail."""
    with mail_server() as found:
        yield found


@pytest.fixture
def service(make_service: Callable[..., Service], server: MailServer) -> Service:
    """A service that sends digests at eight in Toronto, with figures of yesterday."""
    own = {"MAIL_URL": server.url, "MAIL_FROM": "status@health.example", "STATUS_URL": "https://status.example/"}
    service = make_service(SURFACES="submission,status", DIGEST_EMAILS=ADDRESSES, **own)
    for place in PLACES:
        count_events(service, YESTERDAY, "OTKGenerated", 100, place)
    count_events(service, YESTERDAY, "OTKClaimed", 7)
    compute(service)
    return service


def delivery(service: Service, newest: Callable[[datetime], StatusDocument | None] = lambda _: None) -> DigestDelivery:
    """Return the delivery of digests, with a status document."""
    return DigestDelivery(service.database, service.settings.status, newest)


def test_the_digest_reports_figures_objectives_incidents_and_alarms(service: Service, server: MailServer) -> None:
    now = service.clock.now
    minute = now.replace(second=0, microsecond=0)
    with service.database.transaction() as connection:
        figure_readings.put_levels(connection, minute - timedelta(minutes=2), {"unclaimed_codes": 1234})
    shown = in_outage(now)
    assert delivery(service, lambda _: shown).send_due(now)
    (message,) = server.messages
    assert (message["From"], message["To"]) == ("status@health.example", ADDRESSES.replace(",", ", "))
    subject = message["Subject"].replace("\N{NO-BREAK SPACE}", " ")
    assert subject == "Exposure Alert: digest of March 18, 2026 / Exposure Alert : bulletin du 18 mars 2026"
    assert message["Message-ID"] == "<digest-2026-03-18@health.example>"
    assert message.get_content_type() == "text/plain"
    english, _, french = message.get_content().replace("\r\n", "\n").partition("-" * 60)
    objective, incident = shown.objectives[0], shown.open_incidents[0]
    for text, title, lines in (
        (
            english,
            "Figures of March 17, 2026 (UTC)",
            [
                "Codes issued: 1,700",
                "Codes claimed: hidden (fewer than 20)",
                "Uploads succeed: 99.969% (target 99.9%), 69% of the error budget left",
                "No. 42: Phones cannot share positive results, since March 18, 2026, 07:28 EDT",
                "Critical: Codes waiting to be claimed: 1,234",
                "\n\nStatus page: https://status.example/status/en",
            ],
        ),
        (
            french,
            "Chiffres du 17 mars 2026 (UTC)",
            ["Codes délivrés : 1 700", "Codes utilisés : masqué (moins de 20)"],
        ),
    ):
        language = "en" if text is english else "fr"
        plain = text.replace("\N{NO-BREAK SPACE}", " ")
        assert title in plain
        assert [line for line in lines if line not in plain] == []
        assert objective.titles[language] in plain
        assert f"{incident.number}" in plain
        assert incident.titles[language] in plain
        assert f"https://status.example/status/{language}" in plain


def test_a_small_count_does_not_leave_the_service(service: Service, server: MailServer) -> None:
    assert delivery(service).send_due(service.clock.now)
    content = server.messages[0].get_content()
    assert ": 7" not in content
    assert "The status of the service is not known." in content


def test_budgets_are_not_rounded_up_and_an_old_status_is_dated(service: Service, server: MailServer) -> None:
    shown = document(service.clock.now - timedelta(hours=1))
    delivery(service, lambda _: shown).send_due(service.clock.now)
    english = server.messages[0].get_content().partition("-" * 60)[0]
    assert "- This is the status of March 18, 2026, 07:15\N{NO-BREAK SPACE}EDT." in english
    for record in shown.objectives:
        if record.achieved is not None and record.achieved < 1:
            (line,) = [line for line in english.splitlines() if record.titles["en"] in line]
            assert ": 100% (" not in line
            assert "% of the error budget left" in line


def test_the_digest_is_sent_once_a_day_by_any_number_of_workers(service: Service, server: MailServer) -> None:
    start, sent = threading.Barrier(4), []

    def work() -> None:
        start.wait()
        sent.append(delivery(service).send_due(service.clock.now))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sent) == [False, False, False, True]
    assert len(server.messages) == 1
    assert not delivery(service).send_due(service.clock.now + timedelta(hours=3))
    assert delivery(service).send_due(service.clock.now + timedelta(days=1))
    assert len(server.messages) == 2
    assert delivery(service).send_due(service.clock.now + timedelta(days=401))
    kept = [row.day for row in service.rows("SELECT day FROM daily_digests ORDER BY day")]
    assert kept == [service.clock.now.date() + timedelta(days=days) for days in (1, 401)]


def test_the_hour_is_that_of_the_time_zone(service: Service, server: MailServer) -> None:
    before = datetime(2026, 3, 18, 11, 59, tzinfo=UTC)  # 7:59 in Toronto, in summer
    assert not delivery(service).send_due(before)
    assert delivery(service).send_due(before + timedelta(minutes=1))
    winter = datetime(2026, 11, 20, 12, 59, tzinfo=UTC)  # 7:59 in Toronto, in winter
    assert not delivery(service).send_due(winter)
    assert delivery(service).send_due(winter + timedelta(minutes=1))


def test_each_day_is_reported_once_when_clocks_are_set_back(
    make_service: Callable[..., Service], server: MailServer
) -> None:
    mail = {"DIGEST_EMAILS": ADDRESSES, "MAIL_URL": server.url, "MAIL_FROM": "status@health.example"}
    service = make_service(SURFACES="submission,status", DIGEST_HOUR="20", **mail)
    summer, winter = datetime(2026, 11, 1, 0, 0, tzinfo=UTC), datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
    assert [delivery(service).send_due(moment) for moment in (summer, winter)] == [True, True]
    first, second = (message.get_content() for message in server.messages)
    assert "Figures of October 30, 2026 (UTC)" in first
    assert "Figures of October 31, 2026 (UTC)" in second


def test_a_digest_that_cannot_be_sent_is_sent_later(service: Service, server: MailServer) -> None:
    server.refuses = True
    with pytest.raises(MailDeliveryError):
        delivery(service).send_due(service.clock.now)
    server.refuses = False
    assert delivery(service).send_due(service.clock.now)
    assert len(server.messages) == 1


def test_without_addresses_nothing_is_sent(make_service: Callable[..., Service]) -> None:
    service = make_service(SURFACES="submission,status")
    assert not delivery(service).send_due(service.clock.now)
    assert service.rows("SELECT * FROM daily_digests") == []
