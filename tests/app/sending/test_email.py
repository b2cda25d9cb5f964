"""E-mail: to several people, of whom the server may refuse some."""

import logging

import pytest

from app.domain.errors import MailDeliveryError
from app.sending.email import Email, send_email
from tests.support.smtp import mail_server

PEOPLE = ("ada@health.example", "grace@health.example")


def test_a_person_whom_the_server_refuses_is_not_forgotten_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    with mail_server() as server:
        server.refused = frozenset({PEOPLE[1]})
        with caplog.at_level(logging.ERROR):
            send_email(server.url, "alert@health.example", Email(PEOPLE, "Codes cannot be claimed", "Text"))
    assert len(server.messages) == 1
    [record] = [each for each in caplog.records if each.message == "e-mail refused for some recipients"]
    assert (record.__dict__["refused"], record.__dict__["accepted"], record.__dict__["reason"]) == (1, 1, "status 450")
    assert "grace" not in caplog.text


def test_an_email_that_is_refused_for_everyone_is_not_sent() -> None:
    with mail_server() as server:
        server.refused = frozenset(PEOPLE)
        with pytest.raises(MailDeliveryError, match="SMTPRecipientsRefused"):
            send_email(server.url, "alert@health.example", Email(PEOPLE, "Codes cannot be claimed", "Text"))
    assert server.messages == []


def test_a_server_that_is_slow_at_each_step_is_not_waited_for_at_all_of_them() -> None:
    with mail_server() as server:
        server.pause = 0.7
        many = tuple(f"person-{number}@health.example" for number in range(10))
        with pytest.raises(MailDeliveryError):
            send_email(server.url, "alert@health.example", Email(many, "Codes cannot be claimed", "Text"), 1.0)
    assert server.messages == []


@pytest.mark.parametrize("farewell", [b"421 try again later", b"250 ok", b"not SMTP"])
def test_an_email_that_was_accepted_is_sent_whatever_follows(farewell: bytes) -> None:
    with mail_server() as server:
        server.farewell = farewell
        send_email(server.url, "alert@health.example", Email(PEOPLE, "Codes cannot be claimed", "Text"))
    assert len(server.messages) == 1


@pytest.mark.parametrize("length", range(20, 100, 7))
def test_a_long_french_subject_arrives_as_it_is(length: int) -> None:
    words = "Délivrance des codes\N{NO-BREAK SPACE}: échec à l’étape « é » / Incident 7 "
    subject = (words * 3)[:length].strip()
    with mail_server() as server:
        send_email(server.url, "alert@health.example", Email(PEOPLE[:1], subject, subject * 40))
    assert server.messages[0]["Subject"] == subject
    assert server.messages[0].get_content().strip() == subject * 40  # type: ignore[attr-defined]
