"""The incidents of a service without a portal."""

from collections.abc import Callable

import pytest

from app.incidents.alerting import Alerting
from app.incidents.objectives import MeasuredObjectives
from app.incidents.service import Incidents
from tests.support.service import Service


@pytest.fixture
def status(make_service: Callable[..., Service]) -> Service:
    """The application with the surface of status."""
    return make_service(SURFACES="submission,retrieval,status", PUBLISH_ACTIVE_KEYS="true")


@pytest.fixture
def incidents(status: Service) -> Incidents:
    """The incidents of the application."""
    found: Incidents = status.app.context.incidents
    return found


@pytest.fixture
def alerting(status: Service) -> Alerting:
    """What turns alerts into incidents."""
    return Alerting(status.database, MeasuredObjectives())
