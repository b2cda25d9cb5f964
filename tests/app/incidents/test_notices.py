"""Notices: one for an outage, repeated until it is acknowledged, and sent at least once."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from app.domain.errors import MailDeliveryError
from app.domain.incidents.checks import Check
from app.domain.incidents.notices import Channel
from app.incidents.alerting import Alerting
from app.incidents.channels import make_channels
from app.incidents.notice_texts import Notice
from app.incidents.notices import RESPONSE_SECONDS, NoticeSender
from app.incidents.objectives import MeasuredObjectives
from app.incidents.service import Incidents, Opening
from tests.support.at_once import at_once
from tests.support.breakage import refusing
from tests.support.incidents import AUTHOR, check_ends, check_fires
from tests.support.receiver import Receiver, notice_receiver
from tests.support.service import Service
from tests.support.smtp import MailServer, mail_server

MINUTE = timedelta(minutes=1)
KEY = "ab" * 32


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of notices."""
    with notice_receiver() as found:
        yield found


@pytest.fixture
def mail() -> Iterator[MailServer]:
    """A server for e-mail."""
    with mail_server() as found:
        yield found


@dataclass
class Desk:
    """A service whose notices a receiver and a server for e-mail take."""

    service: Service
    receiver: Receiver
    mail: MailServer
    sender: NoticeSender

    @property
    def incidents(self) -> Incidents:
        """The incidents."""
        found: Incidents = self.service.app.context.incidents
        return found

    def after(self, minutes: float) -> int:
        """Advance the time, send what is due, and return how many notices were accepted."""
        self.service.clock.now += minutes * MINUTE
        return self.sender.send_due(self.service.clock.now)


@pytest.fixture
def desk(make_service: Callable[..., Service], receiver: Receiver, mail: MailServer) -> Desk:
    """A service with both channels."""
    service = make_service(
        SURFACES="submission,status",
        STATUS_URL="https://status.example.org/",
        NOTICE_WEBHOOK_URL=receiver.url,
        NOTICE_WEBHOOK_KEY=KEY,
        NOTICE_EMAILS="ada@health.example, grace@health.example",
        MAIL_URL=mail.url,
        MAIL_FROM="status@exposure.example",
    )
    channels = make_channels(service.settings.status, lambda: service.clock.now)
    return Desk(service, receiver, mail, NoticeSender(service.database, channels))


def test_a_notice_names_the_incident_in_both_languages_and_is_signed(desk: Desk) -> None:
    number = desk.incidents.open(
        Opening("Claims fail", "Les codes sont refusés", parts=("claiming",)), AUTHOR, desk.service.clock.now
    )
    assert desk.after(0) == 2
    headers, body, content = desk.receiver.received[0]
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    expected = base64.b64encode(hmac.new(bytes.fromhex(KEY), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-id"] == f"incident-{number}-1"
    links = {each: f"https://status.example.org/status/{each}/incidents/{number}" for each in ("en", "fr")}
    assert content == {
        "id": headers["webhook-id"],
        "kind": "opened",
        "link": links["en"],
        "links": links,
        "incident": {
            "number": number,
            "titles": {"en": "Claims fail", "fr": "Les codes sont refusés"},
            "state": "open",
            "impact": "minor",
            "parts": ["claiming"],
            "began": desk.service.clock.now.isoformat(),
        },
    }
    (email,) = desk.mail.messages
    assert email["To"] == "ada@health.example, grace@health.example"
    assert email["Subject"] == (
        f"Incident {number}: Claims fail / Incident {number}\N{NO-BREAK SPACE}: Les codes sont refusés"
    )
    text = email.get_content()  # type: ignore[attr-defined]
    assert "Affected: claiming of codes" in text
    assert "Composantes touchées\N{NO-BREAK SPACE}: utilisation des codes" in text
    lines = text.splitlines()
    assert [lines[lines.index("") - 1], lines[-1]] == [links["en"], links["fr"]]
    assert "@" not in body.decode()


def test_a_title_of_several_lines_is_sent_by_email(desk: Desk) -> None:
    desk.incidents.open(Opening("Claims fail\nUploads too\u2028And more"), AUTHOR, desk.service.clock.now)
    assert desk.after(0) == 2
    assert "Claims fail Uploads too And more" in desk.mail.messages[0]["Subject"]


def test_a_notice_is_repeated_until_a_person_acknowledges(desk: Desk) -> None:
    number = desk.incidents.open(Opening("Claims fail"), AUTHOR, desk.service.clock.now)
    sent = [desk.after(minutes) for minutes in (0, 14, 1, 59, 1, 30, 30)]
    assert sent == [2, 0, 2, 0, 2, 0, 2]
    desk.incidents.acknowledge(number, AUTHOR, desk.service.clock.now)
    assert desk.after(600) == 0
    desk.incidents.resolve(number, AUTHOR, desk.service.clock.now)
    assert desk.after(0) == 2
    assert desk.after(600) == 0
    assert desk.receiver.kinds == ["opened", "reminder", "reminder", "reminder", "resolved"]
    assert len({content["id"] for _, _, content in desk.receiver.received}) == 5


def test_many_alerts_of_one_outage_are_one_notice(desk: Desk) -> None:
    alerting, now = Alerting(desk.service.database, MeasuredObjectives()), desk.service.clock.now
    for check in Check:
        alerting.synchronize([check_fires(check, now)], [], now)
        desk.after(0)
    assert desk.receiver.kinds == ["opened"]
    alerting.synchronize([], [check_ends(check, now) for check in Check], now)
    assert desk.after(0) == 0


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_notice_is_tried_again_until_it_is_accepted(desk: Desk, status: int) -> None:
    desk.incidents.open(Opening("Claims fail"), AUTHOR, desk.service.clock.now)
    desk.receiver.status, desk.mail.refuses = status, True
    assert [desk.after(minutes) for minutes in (0, 0.1, 0.25, 5, 5, 5)] == [0] * 6
    assert desk.receiver.attempts == 5, "not before the pause is over, and no redirect is followed"
    desk.receiver.status, desk.mail.refuses = 200, False
    assert desk.after(5) == 2
    assert desk.receiver.kinds == ["opened"]


def test_an_incident_that_ends_while_the_receiver_is_down_is_reported_once(desk: Desk) -> None:
    number = desk.incidents.open(Opening("Claims fail"), AUTHOR, desk.service.clock.now)
    desk.receiver.status = 503
    desk.after(0)
    desk.incidents.resolve(number, AUTHOR, desk.service.clock.now)
    desk.receiver.status = 200
    desk.after(10)
    assert desk.receiver.kinds == ["resolved"]


def test_processes_at_the_same_moment_send_a_notice_once(desk: Desk) -> None:
    desk.incidents.open(Opening("Claims fail"), AUTHOR, desk.service.clock.now)
    desk.receiver.seconds = 0.5
    now = desk.service.clock.now
    assert sum(at_once(lambda _: desk.sender.send_due(now), range(6))) == 2
    assert desk.receiver.kinds == ["opened"]


def test_a_notice_whose_state_was_not_stored_is_sent_again_with_its_identifier(desk: Desk) -> None:
    desk.incidents.open(Opening("Claims fail"), AUTHOR, desk.service.clock.now)
    desk.sender.channels.pop(next(key for key in desk.sender.channels if key == "email"))  # type: ignore[attr-defined]
    desk.service.execute("INSERT INTO incident_notices (incident_id, channel) SELECT id, 'webhook' FROM incidents")
    with refusing(desk.service, "incident_notices", "UPDATE"), pytest.raises(Exception, match="disk is broken"):
        desk.after(0)
    assert desk.after(0) == 1
    assert [content["id"] for _, _, content in desk.receiver.received] == [desk.receiver.received[0][2]["id"]] * 2


def test_a_slow_receiver_is_given_up(desk: Desk) -> None:
    desk.incidents.open(Opening("Claims fail"), AUTHOR, desk.service.clock.now)
    desk.receiver.seconds = 7
    assert desk.after(0) == 1, "by e-mail"
    assert desk.service.rows("SELECT attempts FROM incident_notices WHERE channel = 'webhook'")[0].attempts == 1


def test_a_slow_receiver_delays_a_round_once_however_many_incidents_there_are(desk: Desk) -> None:
    seconds, tried = [0.0], []

    def hang(notice: Notice) -> None:
        tried.append(notice.number)
        seconds[0] += RESPONSE_SECONDS
        raise MailDeliveryError("no response")

    numbers = [desk.incidents.open(Opening(f"Fault {each}"), AUTHOR, desk.service.clock.now) for each in "abc"]
    channels = {**desk.sender.channels, Channel.EMAIL: hang}
    desk.sender = NoticeSender(desk.service.database, channels, lambda: seconds[0])
    assert desk.after(0) == 3, "by webhook"
    assert tried == numbers[:1]
    desk.after(0)
    desk.after(0)
    assert tried == numbers, "each in its turn, although the first is never accepted"


def test_the_log_names_neither_receiver_nor_key(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.incidents.open(Opening("Claims fail"), AUTHOR, desk.service.clock.now)
    desk.receiver.status, desk.mail.refuses = 500, True
    desk.after(0)
    logged = repr([record.__dict__ for record in caplog.records if record.name.startswith("app.incidents")])
    assert "notice not sent" in logged
    assert not any(each in logged for each in ("@", "127.0.0.1", KEY))


def test_without_channels_nothing_is_sent(status: Service, incidents: Incidents) -> None:
    incidents.open(Opening("Claims fail"), AUTHOR, status.clock.now)
    assert NoticeSender(status.database, {}).send_due(status.clock.now) == 0
