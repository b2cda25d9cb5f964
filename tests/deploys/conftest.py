"""The service that is deployed anew, again and again."""

from collections.abc import Iterator

import pytest

from tests.support.stack import Stack, running

SETTINGS = {
    "WEB_CONCURRENCY": "2",
    "TRUSTED_PROXIES": "1",
    "RATE_LIMITS": "off",
    "PUBLISH_ACTIVE_KEYS": "true",
    "EXPORT_MAX_AGE_SECONDS": "3",
    "WORKER_EXPIRATION_INTERVAL": "1",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The service as `python -m local` runs it."""
    with running(tmp_path_factory.mktemp("stack"), **SETTINGS) as stack:
        yield stack
