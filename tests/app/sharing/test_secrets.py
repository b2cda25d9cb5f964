"""Secrets are stored, read by one reader, withdrawn by the sender, and expire by the server's clock."""

from collections.abc import Callable
from datetime import timedelta
from secrets import token_bytes

import pytest

from app.upkeep.sharing_retention import purge, take_inventory
from clients.secret import envelope
from clients.secret.links import encode
from tests.app.sharing.conftest import SharedText, Sharer
from tests.support.at_once import at_once
from tests.support.breakage import with_trigger
from tests.support.service import Service

NOTHING = b'{"error": "nothing"}'


def test_a_secret_is_read_once(sharer: Sharer) -> None:
    secret = sharer.share()
    assert secret.opened(sharer.read(secret)) == secret.text
    again = sharer.read(secret)
    assert (again.status_code, again.data) == (404, NOTHING)
    assert sharer.service.rows("SELECT * FROM shared_secrets") == []


def test_of_a_hundred_readers_at_once_exactly_one_wins(sharer: Sharer) -> None:
    secret = sharer.share()
    responses = at_once(lambda _: sharer.read(secret), range(100))
    assert sorted(response.status_code for response in responses) == [200] + [404] * 99
    (winner,) = (response for response in responses if response.status_code == 200)
    assert secret.opened(winner) == secret.text
    assert sharer.outcome(secret) == "read"


def test_of_readers_and_the_sender_who_withdraws_one_wins(sharer: Sharer) -> None:
    for _ in range(5):
        secret = sharer.share()

        def act(number: int, secret: SharedText = secret) -> int:
            withdrawal = sharer.post("withdraw", {"receipt": encode(secret.receipt)}) if number % 2 else None
            return withdrawal.status_code if withdrawal else sharer.read(secret).status_code

        statuses = at_once(act, range(20))
        reads = statuses[::2].count(200)
        assert sharer.outcome(secret) == ("read" if reads else "withdrawn")
        assert reads <= 1
        assert set(statuses[1::2]) == {200}


def test_every_end_has_the_same_response(sharer: Sharer) -> None:
    read, withdrawn, expired, never = (SharedText() for _ in range(4))
    for secret in (read, withdrawn, expired):
        sharer.share(secret)
    sharer.read(read)
    sharer.post("withdraw", {"receipt": encode(withdrawn.receipt)})
    sharer.service.clock.advance(hours=1)
    responses = [sharer.read(secret) for secret in (read, withdrawn, expired, never)]
    header = [{k: v for k, v in response.headers.items() if k != "X-Request-Id"} for response in responses]
    assert [(response.status_code, response.data) for response in responses] == [(404, NOTHING)] * 4
    assert header == [header[0]] * 4
    assert [sharer.outcome(secret) for secret in (read, withdrawn, expired)] == ["read", "withdrawn", "expired"]


@pytest.mark.parametrize("seconds", [300, 3600, 7 * 86400])
def test_a_secret_expires_by_the_servers_clock(sharer: Sharer, seconds: int) -> None:
    early, late = (sharer.share(SharedText(lifetime=seconds)) for _ in range(2))
    sharer.service.clock.advance(seconds=seconds - 1)
    assert sharer.read(early).status_code == 200
    sharer.service.clock.advance(seconds=1)
    assert sharer.read(late).status_code == 404


@pytest.mark.parametrize("seconds", [0, 299, 7 * 86400 + 1, 2**32 - 1])
def test_other_lifetimes_are_refused(sharer: Sharer, seconds: int) -> None:
    assert sharer.post("secrets", SharedText(lifetime=seconds).fields()).status_code == 400
    assert sharer.post("requests", {"digest": encode(token_bytes(32)), "lifetime": seconds}).status_code == 400


def test_a_clock_that_is_set_back_revives_nothing(sharer: Sharer) -> None:
    asked, purged = (sharer.share() for _ in range(2))
    clock = sharer.service.clock
    clock.advance(hours=1)
    assert sharer.read(asked).status_code == 404
    assert purge(sharer.service.database, clock.now)["secrets"] == 1
    clock.advance(minutes=-30)
    assert [sharer.read(secret).status_code for secret in (asked, purged)] == [404, 404]
    assert [sharer.outcome(secret) for secret in (asked, purged)] == ["expired", "expired"]


def test_a_secret_from_the_future_is_deleted_because_its_age_is_unknown(sharer: Sharer) -> None:
    asked, purged = (sharer.share() for _ in range(2))
    sharer.service.clock.advance(hours=-2)
    assert sharer.read(asked).status_code == 404
    assert purge(sharer.service.database, sharer.service.clock.now)["secrets"] == 1
    assert sharer.service.rows("SELECT * FROM shared_secrets") == []
    assert sharer.outcome(purged) == "expired"


def test_clocks_of_two_processes_may_differ_a_little(sharer: Sharer) -> None:
    secret = sharer.share()
    sharer.service.clock.advance(seconds=-30)
    assert take_inventory(sharer.service.database, sharer.service.clock.now).is_right
    assert purge(sharer.service.database, sharer.service.clock.now)["secrets"] == 0
    assert sharer.read(secret).status_code == 200


def test_a_receipt_shows_the_hour_and_not_the_minute(sharer: Sharer) -> None:
    secret = sharer.share()
    sharer.read(secret)
    receipt = sharer.post("status", {"receipt": encode(secret.receipt)}).json
    assert receipt == {"outcome": "read", "expires": "2026-03-18T13:15:30Z", "hour": "2026-03-18T12:00:00Z"}


def test_the_receipt_of_an_expired_secret_does_not_show_when_someone_tried(sharer: Sharer) -> None:
    read, withdrawn = (sharer.share() for _ in range(2))
    sharer.service.clock.advance(hours=1)
    sharer.read(read)
    sharer.post("withdraw", {"receipt": encode(withdrawn.receipt)})
    receipts = [sharer.post("status", {"receipt": encode(secret.receipt)}).json for secret in (read, withdrawn)]
    assert receipts == [{"outcome": "expired", "expires": "2026-03-18T13:15:30Z"}] * 2


def test_only_the_sender_can_withdraw(sharer: Sharer) -> None:
    secret = sharer.share()
    for token in (secret.secret, secret.locator, token_bytes(32)):
        assert sharer.post("withdraw", {"receipt": encode(token)}).status_code == 404
    assert sharer.outcome(secret) == "waiting"
    assert sharer.post("withdraw", {"receipt": encode(secret.receipt)}).json["outcome"] == "withdrawn"
    assert sharer.read(secret).status_code == 404


def test_what_the_tables_hold_neither_reads_nor_withdraws(sharer: Sharer) -> None:
    secret = sharer.share()
    ((digest, receipt),) = sharer.service.rows("SELECT digest, receipt_digest FROM shared_secrets")
    assert sharer.post("read", {"locator": encode(bytes(digest))}).status_code == 404
    assert sharer.post("withdraw", {"receipt": encode(bytes(receipt))}).status_code == 404
    assert sharer.outcome(secret) == "waiting"


def test_the_same_secret_is_not_stored_twice(sharer: Sharer) -> None:
    secret = sharer.share()
    others = SharedText(secret=secret.secret), SharedText(receipt=secret.receipt)
    assert [sharer.post("secrets", other.fields()).status_code for other in others] == [409, 409]
    assert sharer.service.rows("SELECT count(*) FROM shared_secret_receipts") == [(1,)]
    assert secret.opened(sharer.read(secret)) == secret.text


def test_receipts_are_kept_for_a_week_after_the_secret_expires(sharer: Sharer) -> None:
    secret, clock = sharer.share(), sharer.service.clock
    clock.advance(days=7, minutes=59)
    assert purge(sharer.service.database, clock.now) == {"secrets": 1, "receipts": 0}
    assert sharer.outcome(secret) == "expired"
    clock.advance(minutes=2)
    assert purge(sharer.service.database, clock.now) == {"secrets": 0, "receipts": 1}
    assert sharer.post("status", {"receipt": encode(secret.receipt)}).status_code == 404


def test_altered_envelopes_do_not_open(sharer: Sharer) -> None:
    secret = SharedText()
    sealed = secret.sealed
    for at in (3, 6, 8, 24, 40, len(sealed) - 1):
        flipped = bytearray(sealed)
        flipped[at] ^= 1
        with pytest.raises(envelope.EnvelopeError):
            envelope.open_envelope(bytes(flipped), secret.secret)
    with pytest.raises(envelope.EnvelopeError):
        envelope.open_envelope(sealed[:-1], secret.secret)
    with pytest.raises(envelope.EnvelopeError):
        envelope.open_envelope(sealed, token_bytes(32))


def test_purge_runs_in_any_process_and_again(sharing: Service) -> None:
    sharer = Sharer(sharing)
    for _ in range(3):
        sharer.share()
    later = sharing.clock.now + timedelta(hours=1)
    assert sum(deleted["secrets"] for deleted in at_once(lambda _: purge(sharing.database, later), range(4))) == 3


def test_a_purge_may_take_longer_than_a_request(make_service: Callable[..., Service]) -> None:
    service = make_service(SURFACES="sharing", SHARING_CREATORS="anyone", DATABASE_TIMEOUT_SECONDS="1")
    Sharer(service).share()
    later = service.clock.now + timedelta(hours=1)
    with with_trigger(service, "shared_secrets", "BEFORE DELETE", "PERFORM pg_sleep(1.5); RETURN OLD;"):
        assert purge(service.database, later)["secrets"] == 1
