"""With PGSSLMODE=verify-full, as infra/aws sets it, the service accepts the database's certificate and name alone."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from app.database.engine import engine_options
from processes.ports import LOOPBACK, reserve_port
from review_apps.tls_front import context_of
from tests.support.settings import make_settings
from tests.support.waiting import wait_until

OWN_NAME = "localhost"  # in the certificate


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def encrypted_url(database_url: str, folder: Path) -> Iterator[str]:
    """The address of the database behind TLS, without a mode."""
    url = make_url(database_url)
    front = make_url(database_url).set(host=OWN_NAME, port=reserve_port())
    arguments = [str(front.port), str(url.port), str(folder / "server")]
    with subprocess.Popen([sys.executable, "-m", "review_apps.tls_front", *arguments]) as process:

        def responds() -> bool:
            with suppress(psycopg2.OperationalError):
                psycopg2.connect(front.render_as_string(hide_password=False), sslmode="require").close()
                return True
            return False

        wait_until(responds, "the server with TLS responds")
        yield front.render_as_string(hide_password=False)
        process.terminate()


@pytest.fixture(autouse=True)
def verifies_the_server(encrypted_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(folder / "server" / "certificate.pem"))


def connect(url: str) -> str:
    """Return the version of TLS of a connection of the service."""
    settings = make_settings(url, "redis://x")
    engine = create_engine(settings.database_url, **engine_options(settings))
    try:
        with engine.connect() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
            return str(connection.connection.driver_connection.info.ssl_attribute("protocol"))
    finally:
        engine.dispose()


def test_the_server_with_the_certificate_is_accepted(encrypted_url: str) -> None:
    assert connect(encrypted_url) == "TLSv1.3"


def test_a_server_with_another_certificate_is_refused(
    encrypted_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context_of(tmp_path)
    monkeypatch.setenv("PGSSLROOTCERT", str(tmp_path / "certificate.pem"))
    with pytest.raises(OperationalError, match="certificate verify failed"):
        connect(encrypted_url)


def test_a_server_with_another_name_is_refused(encrypted_url: str) -> None:
    with pytest.raises(OperationalError, match="does not match host name"):
        connect(encrypted_url.replace(OWN_NAME, LOOPBACK))


def test_a_server_without_tls_is_refused(database_url: str) -> None:
    with pytest.raises(OperationalError, match="does not support SSL"):
        connect(database_url)


def test_without_the_authorities_nothing_is_accepted(
    encrypted_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSLROOTCERT", str(tmp_path / "missing.pem"))
    with pytest.raises(OperationalError, match="root certificate file"):
        connect(encrypted_url)
