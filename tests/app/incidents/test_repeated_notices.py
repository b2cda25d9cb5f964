"""Notices of incidents that become worse, and after the clock was set back."""

from datetime import timedelta

import pytest

from app.domain.incidents import notices as rules
from app.domain.incidents.checks import Check
from app.domain.incidents.notices import Channel, NoticeKind, Progress, Subject
from app.domain.incidents.states import State
from app.domain.objectives import Severity
from app.incidents.alerting import Alerting
from app.incidents.notice_texts import Notice
from app.incidents.notices import NoticeSender
from app.incidents.service import Incidents
from tests.support.incidents import AUTHOR, check_fires, objective_fires
from tests.support.service import Service

MINUTE = timedelta(minutes=1)


class Inbox:
    """A channel that keeps what it is given."""

    def __init__(self, service: Service) -> None:
        self.kinds: list[NoticeKind] = []
        self.sender = NoticeSender(service.database, {Channel.EMAIL: self._take})

    def _take(self, notice: Notice) -> None:
        self.kinds.append(notice.kind)


@pytest.fixture
def inbox(status: Service) -> Inbox:
    """A channel of the service."""
    return Inbox(status)


def test_an_incident_that_becomes_urgent_is_reported_again(
    status: Service, incidents: Incidents, alerting: Alerting, inbox: Inbox
) -> None:
    now = status.clock.now
    number = alerting.synchronize([objective_fires("jobs", Severity.TICKET, now)], [], now)
    assert number is not None
    inbox.sender.send_due(now)
    incidents.acknowledge(number, AUTHOR, now)
    later = now + MINUTE
    assert alerting.synchronize([check_fires(Check.DATABASE, later)], [], later) == number
    inbox.sender.send_due(later)
    assert inbox.kinds == ["opened", "opened"], "without the delay of a reminder"
    assert incidents.newest()[0].acknowledged is None, "that it can wait was acknowledged"
    inbox.sender.send_due(later + MINUTE)
    inbox.sender.send_due(later + 61 * MINUTE)
    assert inbox.kinds == ["opened", "opened", "reminder"]


def test_an_incident_that_an_alert_reopens_is_reported_again(
    status: Service, incidents: Incidents, alerting: Alerting, inbox: Inbox
) -> None:
    now = status.clock.now
    number = alerting.synchronize([check_fires(Check.DATABASE, now)], [], now)
    assert number is not None
    inbox.sender.send_due(now)
    incidents.acknowledge(number, AUTHOR, now)
    incidents.mitigate(number, AUTHOR, now + MINUTE)
    later = now + 2 * MINUTE
    alerting.synchronize([check_fires(Check.REDIS, later)], [], later)
    inbox.sender.send_due(later)
    assert inbox.kinds == ["opened", "opened"]


def test_after_the_clock_was_set_back_a_notice_is_tried_again_soon(status: Service) -> None:
    now, subject = status.clock.now, Subject(1, State.OPEN, Severity.PAGE, acknowledged=False)
    failed = rules.after_failure(Progress(), now + timedelta(hours=1))
    assert rules.due(subject, failed, now) is NoticeKind.OPENED


def test_after_the_clock_was_set_back_a_reminder_is_not_late(status: Service) -> None:
    now, subject = status.clock.now, Subject(1, State.OPEN, Severity.PAGE, acknowledged=False)
    ahead = rules.after_success(Progress(), NoticeKind.OPENED, now + timedelta(hours=1))
    assert rules.due(subject, ahead, now) is NoticeKind.REMINDER
    reminded = rules.after_success(ahead, NoticeKind.REMINDER, now)
    assert rules.due(subject, reminded, now + 59 * MINUTE) is None
    assert rules.due(subject, reminded, now - MINUTE) is None, "clocks of two processes may differ"
