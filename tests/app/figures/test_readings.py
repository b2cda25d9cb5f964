"""Readings of figures for alarms, in a real database."""

from datetime import timedelta

from app.domain.figure_alarms import FigureAlarm
from app.domain.objectives import Severity
from app.figures.readings import FigureReadings
from app.store import figure_readings
from tests.support.service import Service, exposure_key


def test_levels_are_those_of_the_tables(service: Service) -> None:
    phone = service.pair()
    service.upload(phone, [exposure_key(1), exposure_key(2)])
    for _ in range(3):
        service.issue()
    readings = FigureReadings(service.database)
    for _ in range(2):  # as two workers do in the same minute
        readings.record_levels(service.clock.now)
    for minutes in (0, 14):
        later = service.clock.now + timedelta(minutes=minutes)
        values = {each.threshold.figure: each.value for each in readings.now(later)}
        assert values == {"unclaimed_codes": 3, "claimed_codes": 1, "diagnosis_keys": 2} | dict.fromkeys(
            ("refused_code_requests", "refused_claims", "refused_uploads", "server_errors", "failed_jobs"), 0
        )


def test_old_readings_are_deleted_and_an_old_level_is_unknown(service: Service) -> None:
    readings = FigureReadings(service.database)
    readings.record_levels(service.clock.now - timedelta(hours=2))
    assert {each.value for each in readings.now(service.clock.now) if each.threshold.selector is None} == {None}
    readings.record_levels(service.clock.now)
    minute = service.clock.now.replace(second=0, microsecond=0)
    assert {row.minute for row in service.rows("SELECT minute FROM figure_readings")} == {minute}


def test_counts_of_a_minute_add_up_and_become_an_alarm(service: Service) -> None:
    minute = service.clock.now.replace(second=0, microsecond=0) - timedelta(minutes=2)
    for number in (40, 70):
        with service.database.transaction() as connection:
            figure_readings.add_counts(connection, minute, {"refused_uploads": number})
    alarms = FigureReadings(service.database).alarms(service.clock.now)
    assert alarms == [FigureAlarm("refused_uploads", Severity.PAGE, 110, 100, 300)]
