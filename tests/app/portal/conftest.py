"""The portal, beside submission."""

from collections.abc import Callable

import pytest

from tests.support.service import Service


@pytest.fixture
def portal(make_service: Callable[..., Service]) -> Service:
    """The application with the portal, whose e-mail stays in the outbox."""
    return make_service(SURFACES="submission,portal", PUBLISH_ACTIVE_KEYS="true")
