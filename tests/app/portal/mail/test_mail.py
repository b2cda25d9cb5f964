"""Messages: stored with what they are about, sent by the worker, kept on a page in development."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.domain.errors import MailDeliveryError
from app.domain.portal import retention
from app.portal.mail import EMAIL, Message
from app.portal.mail_delivery import MAX_ATTEMPTS
from app.portal.mail_transports import send_email
from tests.support.portal import Visitor, person
from tests.support.provider import text_message_provider
from tests.support.service import Service
from tests.support.smtp import mail_server

ADDRESS = "nurse@health.example"


def store(service: Service, to: str = ADDRESS) -> None:
    """Store an e-mail."""
    mail = service.app.context.portal.mail
    with service.database.session() as session:
        mail._store(session, Message(EMAIL, to, "Subject é", "Text ü"), service.clock.now)


def deliver(service: Service) -> int:
    """Send what is due; return how many messages were sent."""
    return service.app.context.portal.mail_delivery.send_due(service.clock.now)


def rows(service: Service) -> int:
    """Return the number of stored messages."""
    return len(service.rows("SELECT 1 FROM portal_mails"))


def test_a_message_is_sent_once_and_then_deleted(make_service: Callable[..., Service]) -> None:
    with mail_server() as server:
        service = make_service(SURFACES="submission,portal", MAIL_URL=server.url, MAIL_FROM="portal@health.example")
        store(service)
        assert (deliver(service), deliver(service), rows(service)) == (1, 0, 0)
    [message] = server.messages
    assert (message["To"], message["From"], message["Subject"]) == (ADDRESS, "portal@health.example", "Subject é")
    assert message.get_content().strip() == "Text ü"


def test_a_message_that_is_refused_is_tried_again_later_and_then_given_up(
    make_service: Callable[..., Service], caplog: pytest.LogCaptureFixture
) -> None:
    with mail_server() as server:
        server.refuses = True
        service = make_service(SURFACES="submission,portal", MAIL_URL=server.url)
        store(service)
        for _ in range(MAX_ATTEMPTS):
            assert (rows(service), deliver(service), deliver(service)) == (1, 0, 0)
            service.clock.now += timedelta(hours=17)
        assert rows(service) == 0
    assert [record.message for record in caplog.records].count("mail not sent") == MAX_ATTEMPTS - 1
    assert caplog.records[-1].message == "mail given up"
    assert ADDRESS not in str([record.__dict__ for record in caplog.records]), "the server's answer repeats the address"


def test_a_message_is_tried_again_for_17_hours(make_service: Callable[..., Service]) -> None:
    with mail_server() as server:
        server.refuses = True
        service = make_service(SURFACES="submission,portal", MAIL_URL=server.url)
        store(service)
        first = service.clock.now
        while rows(service):
            (row,) = service.rows("SELECT next_attempt FROM portal_mails")
            service.clock.now = row.next_attempt
            deliver(service)
    assert timedelta(hours=17) <= service.clock.now - first < retention.MAIL


def test_a_message_that_cannot_be_opened_does_not_stop_others(
    make_service: Callable[..., Service], caplog: pytest.LogCaptureFixture
) -> None:
    with mail_server() as server:
        store(make_service(SURFACES="submission,portal", MAIL_URL=server.url, PORTAL_SECRET_KEYS="dd" * 32))
        service = make_service(SURFACES="submission,portal", MAIL_URL=server.url, PORTAL_SECRET_KEYS="ee" * 32)
        store(service, "physician@health.example")
        assert (deliver(service), rows(service)) == (1, 0)
    assert [message["To"] for message in server.messages] == ["physician@health.example"]
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == ["mail given up"]


def test_messages_are_sealed_in_the_database(portal: Service) -> None:
    store(portal)
    [row] = portal.rows("SELECT * FROM portal_mails")
    assert ADDRESS.encode() not in bytes(row.content)


def test_several_workers_share_the_messages(make_service: Callable[..., Service]) -> None:
    with mail_server() as server:
        service = make_service(SURFACES="submission,portal", MAIL_URL=server.url)
        for number in range(20):
            store(service, f"nurse-{number}@health.example")
        threads = [threading.Thread(target=deliver, args=(service,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(message["To"] for message in server.messages) == sorted(
        f"nurse-{number}@health.example" for number in range(20)
    )


def test_a_decoy_is_deleted_and_never_sent(portal: Service) -> None:
    with portal.database.session() as session:
        portal.app.context.portal.mail.queue_decoy(session, portal.clock.now)
    assert (deliver(portal), rows(portal)) == (0, 0)


def test_a_newline_in_a_header_field_is_refused(make_service: Callable[..., Service]) -> None:
    with mail_server() as server:
        service = make_service(SURFACES="submission,portal", MAIL_URL=server.url)
        for message in (
            Message(EMAIL, f"{ADDRESS}\nBcc: all@health.example", "Subject", "Text"),
            Message(EMAIL, ADDRESS, "Subject\r\nBcc: all@health.example", "Text"),
        ):
            with pytest.raises(MailDeliveryError):
                send_email(service.settings.portal, message)
    assert server.messages == []


def test_the_outbox_shows_what_would_be_sent(portal: Service) -> None:
    store(portal)
    deliver(portal)
    page = Visitor(portal).get("/en/outbox").text
    assert ADDRESS in page
    assert "Text ü" in page


def test_there_is_no_outbox_where_messages_are_sent(make_service: Callable[..., Service]) -> None:
    service = make_service(SURFACES="submission,portal", MAIL_URL="smtp://127.0.0.1:1")
    assert person(service).get("/en/outbox").status_code == 404


def test_nothing_is_sent_in_clear_to_another_machine(make_service: Callable[..., Service]) -> None:
    with mail_server("127.0.0.2") as server:  # in place of another machine; it offers no STARTTLS
        service = make_service(SURFACES="submission,portal", MAIL_URL=f"smtp://127.0.0.2:{server.port}")
        store(service)
        assert (deliver(service), rows(service)) == (0, 1)
    assert server.messages == []


def store_text_message(service: Service) -> None:
    """Store a text message."""
    mail = service.app.context.portal.mail
    with service.database.session() as session:
        mail.queue_text_message(session, "+16135550123", "Your code", service.clock.now)


def test_a_text_message_is_posted_to_the_provider(make_service: Callable[..., Service]) -> None:
    with text_message_provider() as provider:
        service = make_service(
            SURFACES="submission,portal", TEXT_MESSAGE_URL=provider.url, TEXT_MESSAGE_TOKEN="a-token-of-the-provider"
        )
        store_text_message(service)
        assert (deliver(service), rows(service)) == (1, 0)
    message = {"to": "+16135550123", "text": "Your code"}
    assert provider.received == [("POST", "/messages", "Bearer a-token-of-the-provider", message)]


def test_a_redirect_of_the_provider_is_a_failure_and_is_not_followed(make_service: Callable[..., Service]) -> None:
    with text_message_provider(302, Location="/elsewhere") as provider:
        service = make_service(SURFACES="submission,portal", TEXT_MESSAGE_URL=provider.url)
        store_text_message(service)
        assert (deliver(service), rows(service)) == (0, 1), "it is tried again later"
    assert [path for _, path, _, _ in provider.received] == ["/messages"]


def test_the_worker_is_asked_to_send_at_once(portal: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    portal.app.context.portal.mail.send_soon()
    redis = portal.app.context.redis
    (job,) = redis.lrange("rq:queue:exposure-alert-portal", 0, -1)
    assert 0 < redis.ttl(f"rq:job:{job.decode()}") <= 60, "without a worker, it does not stay"
    assert caplog.records == []
