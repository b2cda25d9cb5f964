"""Services for the tests of archives."""

from collections.abc import Callable

import pytest

from tests.support.service import Service


@pytest.fixture
def aged(make_service: Callable[..., Service]) -> Service:
    """A service whose archives may be a minute old."""
    return make_service(PUBLISH_ACTIVE_KEYS="true", EXPORT_MAX_AGE_SECONDS="60")
