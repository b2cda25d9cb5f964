"""`flask secrets token --share` and `flask sharing check`."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from click.testing import Result

from app.config.parsers import bearer_tokens
from clients.secret import envelope, links
from clients.secret.service import SharingService
from tests.app.sharing.conftest import Sharer
from tests.support.service import Service
from tests.support.settings import SECRETS
from tests.support.web import web_process

URL = "https://share.example.org"
EMAIL = "laboratory@health.example"


@pytest.fixture
def present(make_service: Callable[..., Service]) -> Service:
    """A service whose clock shows the real time, which is what commands go by."""
    service = make_service(SURFACES="submission,portal,sharing", SHARING_CREATORS="anyone", SHARING_URL=URL)
    service.clock.now = datetime.now(UTC)
    return service


@pytest.fixture(scope="module")
def other(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of another service, whose people request a token."""
    own = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "SURFACES": "sharing", "SHARING_CREATORS": "anyone"}
    with web_process(SECRETS | own, tmp_path_factory.mktemp("other") / "web.log") as web:
        yield f"http://127.0.0.1:{web.port}"


def run(service: Service, *words: str) -> Result:
    return service.app.test_cli_runner().invoke(args=words)


def token_of(result: Result) -> str:
    """Return the token of the last line, which is one for KEY_CLAIM_TOKEN."""
    assert result.exit_code == 0, result.output
    ((token, label),) = bearer_tokens(result.stdout.splitlines()[-1]).items()
    assert label == "ON"
    return token


def read(service: Service, link: str) -> str:
    secret = links.parse_secret(link).secret
    response = Sharer(service).post("read", {"locator": links.encode(envelope.locator(secret))})
    return envelope.open_envelope(links.decode(response.json["envelope"]), secret).data.decode()


def test_a_token_is_sent_by_the_portals_mail(present: Service) -> None:
    result = run(present, "secrets", "token", "ON", "--share", EMAIL, "--language", "fr")
    token = token_of(result)
    (mail,) = present.app.context.portal.mail.newest()
    (link,) = re.findall(rf"{URL}/share/open#\S+", mail.message.text)
    assert mail.message.to == EMAIL
    assert "s’ouvre une seule fois" in mail.message.text
    assert link not in result.output
    assert read(present, link) == token


def test_without_a_portal_the_link_is_printed(make_service: Callable[..., Service]) -> None:
    service = make_service(SURFACES="sharing", SHARING_URL=f"{URL}/")
    service.clock.now = datetime.now(UTC)
    result = run(service, "secrets", "token", "ON", "--share", EMAIL)
    (link,) = re.findall(rf"^link for {EMAIL}\t(\S+)$", result.stdout, flags=re.MULTILINE)
    (receipt,) = re.findall(r"^receipt\t(\S+)$", result.stdout, flags=re.MULTILINE)
    assert read(service, link) == token_of(result)
    asked = Sharer(service).post("status", {"receipt": links.encode(links.parse_receipt(receipt).token)})
    assert asked.json["outcome"] == "read"


def test_a_token_answers_a_request(present: Service, other: str) -> None:
    own, locator, service = envelope.new_key_pair(), b"l" * 32, SharingService(other)
    service.ask(envelope.digest(locator), 3600)
    link = str(links.RequestLink(other, envelope.digest(locator), own.public_key()))
    token = token_of(run(present, "secrets", "token", "ON", "--share", link))
    sealed = service.read(locator)
    assert sealed is not None
    assert envelope.open_answer(sealed, own).data.decode() == token
    late = run(present, "secrets", "token", "ON", "--share", link)
    assert (late.exit_code, late.stdout) == (1, "")
    assert "refused: HTTP 409" in late.output


@pytest.mark.parametrize(
    ("receiver", "error"),
    [
        ("laboratory", "neither an e-mail address nor a link"),
        (f"{URL}/share/open#s1." + "A" * 43, "not that of a request"),
        (f"{URL}/share/answer#r1." + "A" * 43 + "." + "A" * 87, "was altered"),
        ("https://[share/answer#r1." + "A" * 43 + "." + "A" * 87, "was altered"),
    ],
)
def test_mistakes_hand_nothing_over(present: Service, receiver: str, error: str) -> None:
    result = run(present, "secrets", "token", "ON", "--share", receiver)
    assert result.exit_code != 0
    assert error in result.output
    assert present.rows("SELECT * FROM shared_secrets") == []


def test_an_address_needs_sharing(make_service: Callable[..., Service]) -> None:
    without = run(make_service(), "secrets", "token", "ON", "--share", EMAIL)
    assert "SURFACES of this process does not name sharing" in without.output
    assert "SURFACES of this process does not name sharing" in run(make_service(), "sharing", "check").output
    no_address = run(make_service(SURFACES="sharing"), "secrets", "token", "ON", "--share", EMAIL)
    assert "SHARING_URL: required" in no_address.output


def test_the_check_finds_what_outlives_its_time(present: Service) -> None:
    assert run(present, "sharing", "check").exit_code == 0
    for column, value in (("expires", "now() - interval '4 minutes'"), ("created", "now() + interval '2 minutes'")):
        Sharer(present).share()
        present.execute(f"UPDATE shared_secrets SET {column} = {value} WHERE expires > now()")  # noqa: S608
        result = run(present, "sharing", "check")
        assert result.exit_code == 1
        assert "something outlives its time" in result.output
        present.execute("DELETE FROM shared_secrets")
    Sharer(present).share()
    for change, exit_code, line in (
        ("shared_secrets SET expires = created + interval '8 days'", 1, "with a longer lifetime than permitted\t1"),
        ("shared_secrets SET expires = created + interval '7 days'", 0, "with a longer lifetime than permitted\t0"),
        ("shared_secret_receipts SET expires = now() - interval '7 days'", 0, "receipts that should be deleted\t0"),
        ("shared_secret_receipts SET expires = now() - interval '8 days'", 1, "receipts that should be deleted\t3"),
    ):
        present.execute(f"UPDATE {change}")
        result = run(present, "sharing", "check")
        assert (result.exit_code, line in result.stdout) == (exit_code, True)
