"""A request for a secret: answered once, and only its receiver can read and open the answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from app.upkeep.sharing_retention import purge, take_inventory
from clients.secret import envelope
from clients.secret.content import TEXT, Content
from clients.secret.envelope import Choices
from clients.secret.links import decode, encode
from tests.app.sharing.conftest import SharedText, Sharer
from tests.support.at_once import at_once
from tests.support.service import Service


@dataclass
class Request:
    """A request, as the receiver's browser makes it."""

    sharer: Sharer
    own: EllipticCurvePrivateKey = field(default_factory=envelope.new_key_pair)
    locator: bytes = field(default_factory=lambda: token_bytes(32))

    def ask(self, lifetime: int = 3600, **request: Any) -> TestResponse:
        """Store it."""
        digest = encode(envelope.digest(self.locator))
        return self.sharer.post("requests", {"digest": digest, "lifetime": lifetime}, **request)

    def answer(self, text: str = "answer", receipt: bytes = b"", **changed: object) -> TestResponse:
        """Answer it, as a sender's browser does."""
        content = Content(TEXT, "", text.encode())
        fields = {
            "digest": encode(envelope.digest(self.locator)),
            "receipt": encode(envelope.digest(receipt or token_bytes(32))),
            "envelope": encode(envelope.seal_for(content, self.own.public_key(), Choices(3600))),
        }
        return self.sharer.post("answers", fields | changed)

    def read(self) -> TestResponse:
        """Read the answer."""
        return self.sharer.post("read", {"locator": encode(self.locator)})

    def opened(self) -> str:
        """Return the text of the answer."""
        return envelope.open_answer(decode(self.read().json["envelope"]), self.own).data.decode()


@pytest.fixture
def request_(sharer: Sharer) -> Request:
    """A stored request."""
    request = Request(sharer)
    assert request.ask().status_code == 201
    return request


def test_a_request_waits_for_its_answer(request_: Request) -> None:
    assert [request_.read().json for _ in range(2)] == [{"envelope": None}] * 2
    assert request_.answer().status_code == 201
    assert request_.opened() == "answer"
    assert request_.read().status_code == 404


def test_an_answer_leaves_other_requests_open(request_: Request, sharer: Sharer) -> None:
    other, unknown = Request(sharer), Request(sharer)
    assert other.ask().status_code == 201
    assert request_.answer().status_code == 201
    assert (other.read().json, unknown.read().status_code) == ({"envelope": None}, 404)
    assert other.answer("another").status_code == 201
    assert (request_.opened(), other.opened()) == ("answer", "another")


def test_of_many_answers_at_once_one_is_stored(request_: Request) -> None:
    responses = at_once(lambda number: request_.answer(str(number)), range(20))
    statuses = [response.status_code for response in responses]
    assert sorted(statuses) == [201] + [409] * 19
    assert request_.opened() == str(statuses.index(201))


def test_an_answer_that_arrives_while_the_receiver_asks_is_not_lost(request_: Request) -> None:
    answers: list[TestResponse] = []

    @event.listens_for(Engine, "after_cursor_execute")
    def answer_meanwhile(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "DELETE FROM shared_secrets" in statement and not answers:
            answers.append(request_.answer())

    try:
        assert request_.read().json == {"envelope": None}, "for anything else, a browser forgets its private key"
    finally:
        event.remove(Engine, "after_cursor_execute", answer_meanwhile)
    assert [response.status_code for response in answers] == [201]
    assert request_.opened() == "answer"


def test_the_answers_sender_has_a_receipt_and_can_withdraw(request_: Request, sharer: Sharer) -> None:
    receipt = token_bytes(32)
    request_.answer(receipt=receipt)
    sent = SharedText(receipt=receipt)
    assert sharer.outcome(sent) == "waiting"
    assert sharer.post("withdraw", {"receipt": encode(receipt)}).json["outcome"] == "withdrawn"
    assert request_.read().status_code == 404


def test_a_request_expires(request_: Request, sharer: Sharer) -> None:
    sharer.service.clock.advance(hours=1)
    assert request_.answer().status_code == 409
    assert request_.read().status_code == 404
    assert sharer.service.rows("SELECT * FROM shared_secrets") == []


def test_requests_that_expired_are_purged(request_: Request, sharer: Sharer) -> None:
    sharer.service.clock.advance(hours=1)
    assert purge(sharer.service.database, sharer.service.clock.now) == {"secrets": 1, "receipts": 0}
    assert request_.answer().status_code == 409


def test_an_answer_has_a_lifetime_of_its_own(request_: Request, sharer: Sharer) -> None:
    sharer.service.clock.advance(minutes=59)
    request_.answer()
    sharer.service.clock.advance(minutes=59)
    assert request_.opened() == "answer"


def test_the_age_of_an_answer_is_not_that_of_its_request(request_: Request, sharer: Sharer) -> None:
    clock = sharer.service.clock
    clock.advance(minutes=59)
    longest = envelope.seal_for(Content(TEXT, "", b""), request_.own.public_key(), Choices(7 * 86400))
    assert request_.answer(envelope=encode(longest)).status_code == 201
    assert take_inventory(sharer.service.database, clock.now).is_right


def test_an_answer_counts_for_the_network_of_its_sender(make_service: Callable[..., Service]) -> None:
    own = {"SURFACES": "sharing", "SHARING_CREATORS": "anyone", "SHARING_NETWORK_BYTES": "100000"}
    sharer, receiver = Sharer(make_service(**own)), {"REMOTE_ADDR": "198.51.100.1"}
    request = Request(sharer)
    assert request.ask(environ_overrides=receiver).status_code == 201
    assert request.answer("x" * 60_000).status_code == 201
    more = SharedText("x" * 40_000).fields()
    assert sharer.post("secrets", more).status_code == 507
    assert sharer.post("secrets", more, environ_overrides=receiver).status_code == 201


def test_the_link_of_a_request_reads_nothing(request_: Request, sharer: Sharer) -> None:
    request_.answer()
    in_the_link = envelope.digest(request_.locator)
    assert sharer.post("read", {"locator": encode(in_the_link)}).status_code == 404
    assert request_.opened() == "answer"


def test_envelopes_for_links_and_for_requests_are_not_interchangeable(request_: Request, sharer: Sharer) -> None:
    for_request = encode(envelope.seal_for(Content(TEXT, "", b""), request_.own.public_key(), Choices(3600)))
    assert sharer.post("secrets", SharedText().fields(envelope=for_request)).status_code == 400
    assert request_.answer(envelope=encode(SharedText().sealed)).status_code == 400


def test_only_open_requests_can_be_answered(sharer: Sharer) -> None:
    assert Request(sharer).answer().status_code == 409
    secret = sharer.share()
    assert Request(sharer, locator=secret.locator).answer().status_code == 409
    assert secret.opened(sharer.read(secret)) == secret.text
