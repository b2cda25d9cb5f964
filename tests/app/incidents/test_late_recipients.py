"""Recipients of a notice whom the server for e-mail refuses for the moment get it soon after, and the others once."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from app.domain.incidents.checks import Check
from app.incidents.channels import make_channels
from app.incidents.late_recipients import LateRecipients
from app.incidents.notices import CHANNEL_SECONDS, NoticeSender
from app.incidents.service import Opening
from app.store.incidents import notices
from app.upkeep.monitoring.unstored import notice_of
from tests.support.breakage import without_table
from tests.support.incidents import AUTHOR, check_fires
from tests.support.service import Service
from tests.support.smtp import MailServer, mail_server

ADA, GRACE = "ada@health.example", "grace@health.example"
MINUTE = timedelta(minutes=1)


@dataclass
class Desk:
    """A service whose notices a server for e-mail takes."""

    service: Service
    mail: MailServer
    late: LateRecipients
    sender: NoticeSender

    def after(self, minutes: float) -> list[str]:
        """Advance the time, send what is due, and return the recipients of each e-mail that was accepted."""
        known = len(self.mail.messages)
        self.service.clock.now += minutes * MINUTE
        self.sender.send_due(self.service.clock.now)
        self.late.send_due(self.service.database, self.service.clock.now)
        return [str(each["To"]) for each in self.mail.messages[known:]]


@pytest.fixture
def desk(make_service: Callable[..., Service]) -> Iterator[Desk]:
    """A service on which there is an incident, and whose server for e-mail refuses one of two addresses."""
    with mail_server() as mail:
        service = make_service(SURFACES="status", NOTICE_EMAILS=f"{ADA},{GRACE}", MAIL_URL=mail.url)
        late = LateRecipients(service.settings.status)
        channels = make_channels(service.settings.status, lambda: service.clock.now, late)
        service.app.context.incidents.open(Opening("Claims fail"), AUTHOR, service.clock.now)
        mail.refused = frozenset({GRACE})
        yield Desk(service, mail, late, NoticeSender(service.database, channels))


def test_who_was_refused_gets_the_notice_once_the_server_accepts_it(desk: Desk) -> None:
    assert desk.after(0) == [f"{ADA}, {GRACE}"]
    assert desk.after(0.9) == [], "not before the pause is over"
    assert desk.after(0.1) == []
    desk.mail.refused = frozenset()
    assert desk.after(1.9) == []
    assert desk.after(0.1) == [GRACE]
    assert desk.after(8) == [], "once"
    first, second = desk.mail.messages
    assert first["Message-ID"] == second["Message-ID"]


def test_an_address_that_is_never_accepted_is_not_tried_again(desk: Desk) -> None:
    desk.mail.refusal = b"550 no such person"
    desk.after(0)
    desk.mail.refused = frozenset()
    assert [desk.after(minutes) for minutes in (1, 2, 4)] == [[], [], []]


def test_a_newer_notice_replaces_what_was_not_sent(desk: Desk) -> None:
    desk.after(0)
    for minutes in (1, 2, 4):
        assert desk.after(minutes) == []
    desk.mail.refused = frozenset()
    assert desk.after(8) == [f"{ADA}, {GRACE}"], "the reminder alone"
    assert desk.after(16) == []


def test_attempts_end(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.after(0)
    desk.service.execute("UPDATE incidents SET acknowledged = began")
    assert [desk.after(minutes) for minutes in (1, 2, 4, 8, 16)] == [[]] * 5
    failures = [each for each in caplog.records if each.message == "notice not sent"]
    assert [each.__dict__["attempts"] for each in failures] == [1, 2, 3, 4, 5]
    desk.mail.refused = frozenset()
    assert desk.after(60) == []
    assert GRACE not in caplog.text


def test_after_the_clock_was_set_back_the_next_attempt_is_not_late(desk: Desk) -> None:
    desk.after(0)
    desk.service.execute("UPDATE incidents SET acknowledged = began")
    desk.mail.refused = frozenset()
    assert desk.after(-600) == [GRACE]


def test_what_another_process_has_overtaken_is_not_sent(desk: Desk) -> None:
    desk.after(0)
    desk.service.execute("UPDATE incidents SET state = 'resolved', mitigated = began, resolved = began")
    desk.mail.refused = frozenset()
    other = make_channels(desk.service.settings.status, lambda: desk.service.clock.now)
    NoticeSender(desk.service.database, other).send_due(desk.service.clock.now)
    assert "resolved" in desk.mail.messages[-1]["Subject"].lower()
    assert desk.after(1) == []


def test_a_notice_waits_while_another_process_has_the_incident_or_without_database(desk: Desk) -> None:
    desk.after(0)
    desk.mail.refused = frozenset()
    with desk.service.database.session() as session:
        [incident] = desk.service.rows("SELECT id FROM incidents")
        assert notices.take(session, incident.id, "email") is not None
        desk.service.clock.now += 2 * MINUTE
        desk.late.send_due(desk.service.database, desk.service.clock.now)
    desk.service.execute("ALTER TABLE incident_notices RENAME TO renamed")
    desk.late.send_due(desk.service.database, desk.service.clock.now)
    desk.service.execute("ALTER TABLE renamed RENAME TO incident_notices")
    assert len(desk.mail.messages) == 1
    assert desk.after(0) == [GRACE]


def test_a_notice_of_an_outage_that_could_not_be_stored_needs_no_database(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    now = desk.service.clock.now
    desk.sender.send_unstored(notice_of([check_fires(Check.DATABASE, now)]), {}, now)
    desk.mail.refused = frozenset()
    with without_table(desk.service, "incident_notices"):
        for minutes in (1, 2):
            desk.late.send_due(desk.service.database, now + minutes * MINUTE)
    assert [each["To"] for each in desk.mail.messages] == [f"{ADA}, {GRACE}", GRACE]
    assert "monitor without database" not in [each.message for each in caplog.records]


def test_after_the_clock_was_set_back_by_less_than_a_pause_the_next_attempt_is_not_late(desk: Desk) -> None:
    desk.after(0)
    desk.mail.refused = frozenset()
    assert desk.after(-0.5) == [GRACE]


def test_a_slow_server_delays_a_round_once_however_many_incidents_wait(desk: Desk) -> None:
    seconds = itertools.count(step=CHANNEL_SECONDS)
    late = LateRecipients(desk.service.settings.status, lambda: next(seconds))
    desk.sender = NoticeSender(
        desk.service.database, make_channels(desk.service.settings.status, lambda: desk.service.clock.now, late)
    )
    desk.late = late
    desk.service.app.context.incidents.open(Opening("Uploads fail"), AUTHOR, desk.service.clock.now)
    desk.after(0)
    desk.mail.refused = frozenset()
    assert [desk.after(1), desk.after(0), desk.after(0)] == [[GRACE], [GRACE], []]
