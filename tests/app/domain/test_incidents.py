"""When a check becomes an alert, how much of the service it affects, and when notices of it are repeated."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.incidents.alerts import AlertKey, Detection, Source, impact_of
from app.domain.incidents.checks import Check, Streaks
from app.domain.incidents.notices import NoticeKind, Progress, Subject, after_failure, after_success, due
from app.domain.incidents.reports import Action
from app.domain.incidents.states import Impact, State
from app.domain.objectives import Severity
from tests.support.incidents import report

NOW = datetime(2020, 7, 31, 12, 0, tzinfo=UTC)
SLOT = timedelta(seconds=15)


@pytest.mark.parametrize(
    ("results", "begin"),
    [
        ([False, False], None),
        ([False, False, False], 0),
        ([True, False, False, False], 1),
        ([False, False, True, False, False], None),
        ([False, None, False, False], 0),
        ([False, False, False, True], None),
    ],
    ids=str,
)
def test_three_bad_results_in_a_row_are_an_alert(results: list[bool | None], begin: int | None) -> None:
    streaks = Streaks()
    for number, result in enumerate(results):
        streaks.add({Check.REDIS: result}, NOW + number * SLOT)
    assert streaks.firing() == ({} if begin is None else {Check.REDIS: NOW + begin * SLOT})


@pytest.mark.parametrize("part", ["issuing", "claiming", "uploading", "downloading", "portal", "sharing", "jobs"])
@pytest.mark.parametrize("severity", Severity)
def test_only_an_urgent_alert_about_what_phones_need_is_major(part: str, severity: Severity) -> None:
    alert = Detection(AlertKey(Source.OBJECTIVE, "any", severity), NOW, ("status", part))
    is_needed = part in ("issuing", "claiming", "uploading", "downloading")
    is_major = is_needed and severity is Severity.PAGE
    assert impact_of([alert]) is (Impact.MAJOR if is_major else Impact.MINOR)


@pytest.mark.parametrize(
    ("urgency", "sent", "pause"),
    [
        (None, 1, timedelta(minutes=15)),
        (Severity.PAGE, 1, timedelta(minutes=15)),
        (Severity.PAGE, 2, timedelta(hours=1)),
        (Severity.TICKET, 1, timedelta(days=1)),
        (Severity.TICKET, 2, timedelta(days=1)),
    ],
)
def test_what_can_wait_is_repeated_daily_until_its_end(urgency: Severity | None, sent: int, pause: timedelta) -> None:
    subject, progress = Subject(1, State.OPEN, urgency, acknowledged=False), Progress(sent, NOW)
    assert due(subject, progress, NOW + pause - timedelta(seconds=1)) is None
    assert due(subject, progress, NOW + pause) is NoticeKind.REMINDER
    resolved = replace(subject, state=State.RESOLVED)
    assert due(resolved, progress, NOW) is NoticeKind.RESOLVED
    assert due(resolved, after_success(progress, NoticeKind.RESOLVED, NOW), NOW + pause) is None


def test_a_notice_that_fails_is_tried_again_after_longer_and_longer_pauses() -> None:
    progress, pauses = Progress(), []
    for _ in range(7):
        progress = after_failure(progress, NOW)
        assert progress.next_attempt
        pauses.append((progress.next_attempt - NOW).seconds)
    assert pauses == [15, 30, 60, 120, 240, 300, 300]


def test_an_action_of_a_complete_report_has_both_texts_and_an_owner() -> None:
    action = Action("Alert earlier", "Alerter plus tôt", "Operations", None)
    assert report("Words", action).is_complete()
    for lacking in ({"en": ""}, {"fr": ""}, {"owner": ""}):
        assert not report("Words", action, replace(action, **lacking)).is_complete()
