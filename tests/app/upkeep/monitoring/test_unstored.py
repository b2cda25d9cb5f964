"""The notice of an outage that cannot be stored, while Redis cannot be used either."""

from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
from redis import Redis

from app.database.redis_connections import redis_client
from app.domain.errors import MailDeliveryError
from app.domain.incidents.checks import Check
from app.domain.incidents.notices import Channel
from app.incidents.notices import NoticeSender
from app.upkeep.monitoring.unstored import forget_shared, notice_of, send_once
from tests.support.incidents import check_fires

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize("redis", [None, redis_client("redis://127.0.0.1:1/0", retries=0)], ids=["down", "failing"])
def test_a_monitor_sends_it_once_on_each_channel(redis: Redis | None) -> None:
    webhook, email = Mock(), Mock(side_effect=[MailDeliveryError("no response"), None])
    sender = NoticeSender(Mock(), {Channel.WEBHOOK: webhook, Channel.EMAIL: email})
    notice = notice_of([check_fires(Check.REDIS, NOW), check_fires(Check.DATABASE, NOW + timedelta(minutes=1))])
    assert notice.titles["en"] == "The database does not respond"
    # The same from every monitor, so that its receiver can recognize it.
    assert (notice.identifier, notice.began) == (f"outage-{int(NOW.timestamp()) // 60}", NOW)
    progress = send_once(sender, notice, {}, redis, NOW)
    for minute in range(1, 4):
        progress = send_once(sender, notice, progress, redis, NOW + timedelta(minutes=minute))
    assert (webhook.call_count, email.call_count) == (1, 2)
    forget_shared(redis, list(sender.channels))
