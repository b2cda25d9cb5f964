"""API tokens of health authorities and of the portal itself (app/store/api_tokens.py)."""

from datetime import datetime, timedelta

from sqlalchemy import text

from app.store import api_tokens
from app.store.api_tokens import NewToken
from tests.support.service import Service

MINUTE = timedelta(minutes=1)


def revocations(service: Service) -> dict[str, datetime | None]:
    """Return when each token was revoked, by its name."""
    return {row.name: row.revoked_at for row in service.rows("SELECT name, revoked_at FROM api_tokens")}


def test_the_portal_revokes_only_its_own_other_tokens_of_a_label_and_each_once(service: Service) -> None:
    now = service.clock.now
    with service.database.transaction() as connection:
        for token in (
            NewToken("old", "QC", "old", is_portal=True),
            NewToken("kept", "QC", "kept", is_portal=True),
            NewToken("laboratory", "QC", "laboratory"),
            NewToken("elsewhere", "ON", "elsewhere", is_portal=True),
        ):
            api_tokens.add(connection, token, now)
        for at in (now, now + MINUTE):
            api_tokens.revoke_portal_tokens(connection, "QC", ["kept"], at)
    assert revocations(service) == {"old": now, "kept": None, "laboratory": None, "elsewhere": None}


def test_of_revoked_tokens_only_one_of_the_portal_comes_back(service: Service) -> None:
    now = service.clock.now
    tokens = [NewToken("portal", "QC", "portal", is_portal=True), NewToken("laboratory", "QC", "laboratory")]
    with service.database.transaction() as connection:
        for token in tokens:
            api_tokens.add(connection, token, now)
        connection.execute(text("UPDATE api_tokens SET revoked_at = :now"), {"now": now})
        for token in tokens:
            api_tokens.add(connection, token, now)
    assert revocations(service) == {"portal": None, "laboratory": now}


def test_the_newest_token_is_first_and_revoked_ones_are_last(service: Service) -> None:
    with service.database.transaction() as connection:
        for name in ("first", "second", "third", "fourth"):
            api_tokens.add(connection, NewToken(name, "QC", name), service.clock.now)
        numbers = {token.name: token.id for token in api_tokens.listed(connection, None)}
        for name in ("second", "fourth"):
            assert api_tokens.revoke(connection, numbers[name], service.clock.now)
        assert [token.name for token in api_tokens.listed(connection, "QC")] == ["third", "first", "fourth", "second"]


def test_a_use_that_another_process_has_just_recorded_is_not_recorded_again(service: Service) -> None:
    now = service.clock.now
    with service.database.transaction() as connection:
        api_tokens.add(connection, NewToken("token", "QC", "laboratory"), now)
        (digest,) = api_tokens.active(connection)
        uses = []
        for minutes in (0, 14, 15):
            at = now + minutes * MINUTE
            api_tokens.record_use(connection, digest, at, at - 15 * MINUTE)
            uses += [token.last_used for token in api_tokens.listed(connection, "QC")]
    assert uses == [now, now, now + 15 * MINUTE]


def test_the_token_of_the_portal_itself_is_neither_found_nor_revoked_by_its_number(service: Service) -> None:
    with service.database.transaction() as connection:
        api_tokens.add(connection, NewToken("portal", "QC", "portal", is_portal=True), service.clock.now)
        number = connection.execute(text("SELECT id FROM api_tokens")).scalar_one()
        assert api_tokens.find(connection, number) is None
        assert not api_tokens.revoke(connection, number, service.clock.now)
    assert revocations(service) == {"portal": None}


def test_a_new_token_is_not_in_what_is_logged_of_it() -> None:
    assert repr(NewToken("secret", "QC", "laboratory")) == "NewToken(label='QC', name='laboratory')"
