"""Settings (app/config/settings.py): read once, frozen, and refused in one line that names the culprit."""

from dataclasses import FrozenInstanceError
from urllib.parse import unquote, urlsplit

import pytest
from sqlalchemy import make_url

from app.config import ALL_SURFACES, ConfigurationError, Settings
from app.config.settings import describe_settings
from app.database.redis_connections import redis_client
from app.domain.errors import SurfaceNotServedError
from tests.support.settings import SECRETS

URLS = {"DATABASE_URL": "postgres://user:password@host/name", "REDIS_URL": "redis://host:6379/0"}
COMPLETE = SECRETS | URLS
ALL = {"SURFACES": ",".join(ALL_SURFACES)}


def read(**changes: str) -> Settings:
    return Settings.from_environment(COMPLETE | ALL | changes)


def test_the_defaults_are_the_public_servers() -> None:
    settings = read()
    assert settings.submission.max_consecutive_claim_key_failures == 50
    assert settings.submission.claim_key_ban_hours == 1
    assert settings.submission.max_diagnosis_key_retention_days == 15
    assert settings.submission.initial_remaining_keys == 43
    assert settings.submission.encryption_key_validity_days == 15
    assert settings.submission.one_time_code_expiry_minutes == 1440
    assert settings.submission.worker_expiration_interval == 30
    assert settings.region_code == "302"
    assert settings.submission.cors_access_control_allow_origin == "*"
    assert settings.disable_current_date_check is True
    assert settings.enable_entire_period_bundle is True


def test_keys_are_held_back_by_default() -> None:
    assert read().publish_active_keys is False


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        read().region_code = "310"  # type: ignore[misc]


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert read(REGION_CODE="").region_code == "302"


@pytest.mark.parametrize("name", sorted(COMPLETE))
def test_no_secret_has_a_default(name: str) -> None:
    environment = {key: value for key, value in (COMPLETE | ALL).items() if key != name}
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment(environment)
    assert str(caught.value).startswith(f"{name}: missing")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SURFACES", "submission,everything"),
        ("ENV", "prod"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PORT", "8_000"),
        ("DATABASE_URL", "mysql://host/name"),
        ("DATABASE_URL", "postgres://"),
        ("REDIS_URL", "http://host"),
        ("SECRET_KEY", "aa" * 31),
        ("SECRET_KEY", "not hexadecimal"),
        ("SEALING_KEYS", "aa" * 33),
        ("SEALING_KEYS", "aa" * 32 + ","),
        ("SEALING_KEYS", "aa" * 32 + "," + "aa" * 33),
        ("KEY_CLAIM_TOKEN", "a" * 19 + "=ON"),
        ("KEY_CLAIM_TOKEN", "a" * 64 + "=ON"),
        ("KEY_CLAIM_TOKEN", "a" * 20),
        ("KEY_CLAIM_TOKEN", "a" * 20 + "="),
        ("KEY_CLAIM_TOKEN", "a" * 20 + " a=ON"),
        ("KEY_CLAIM_TOKEN", "a" * 20 + "=O N"),
        ("KEY_CLAIM_TOKEN", "a" * 20 + "=" + "L" * 32),
        ("KEY_CLAIM_TOKEN", f"{'a' * 20}=ON:{'a' * 20}=AB"),
        ("RETRIEVE_HMAC_KEY", "aa" * 31),
        ("RETRIEVE_HMAC_KEY", "a" * 65),
        ("HMAC_KEY_LENGTH", "33"),
        ("ECDSA_KEY", "aa"),
        ("ECDSA_KEY", "zz"),
        ("ECDSA_KEY", "00" * 32),
        ("ECDSA_KEY", "ff" * 32),
        ("ECDSA_KEY", "aa" * 31),
        ("METRICS_USERNAME", "a" * 9),
        ("METRICS_PASSWORD", "a" * 9),
        ("REGION_CODE", "CA"),
        ("REGION_CODE", "3022"),
        ("REGION_CODE", "٣٠٢"),
        ("ENABLE_ENTIRE_PERIOD_BUNDLE", "yes"),
        ("RATE_LIMITS", "false"),
        ("ALLOWED_HOSTS", "dev.example:8000"),
        ("ALLOWED_HOSTS", "dev..example"),
        ("TRUSTED_PROXIES", "-1"),
        ("EXPORT_MAX_AGE_SECONDS", "3601"),
        ("RELEASE_PERIOD_HOURS", "25"),
        ("RELEASE_MINIMUM_UPLOADS", "1001"),
        ("ARCHIVE_FILES", "folder"),
        ("ARCHIVE_FILES", "file://relative"),
        ("ARCHIVE_FILES", "file:///"),
        ("DOWNLOAD_FILES", "file://host/folder"),
        ("DOWNLOAD_FILES", "s3:///prefix"),
        ("TEST_TOOLS_TOKEN", "a" * 19),
        ("PORTAL_SECRET_KEYS", "aa" * 31),
        ("SHARING_SECRET_KEY", "aa" * 31),
        ("SHARING_CREATORS", "everyone"),
        ("SHARING_TOKENS", "short=team"),
        ("SHARING_TOTAL_BYTES", "99999"),
        ("PORTAL_URL", "portal.example.org"),
        ("PORTAL_TOKENS", "a" * 20),
        ("PORTAL_MAIL_DOMAINS", "health example"),
        ("PORTAL_DAILY_CODES", "0"),
        ("QR_SIGNATURE_KEY", "aa" * 31),
        ("QR_ADDRESS", "http://portal.example.org"),
        ("MAIL_URL", "http://mail.example.org"),
        ("MAIL_URL", "smtp://"),
        ("TEXT_MESSAGE_URL", "sms://provider"),
        ("TEXT_MESSAGE_TOKEN", "a" * 7),
    ],
)
def test_a_malformed_value_stops_the_start_with_one_line_that_names_it(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(**{name: value})
    expected = "RETRIEVE_HMAC_KEY" if name == "HMAC_KEY_LENGTH" else name
    assert str(caught.value).startswith(f"{expected}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", sorted(each.name for each in describe_settings() if each.is_secret))
def test_no_error_repeats_a_secret(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(**{name: "zq"})
    assert "zq" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEY_CLAIM_TOKEN", "a" * 20 + "=" + "L" * 31),
        ("KEY_CLAIM_TOKEN", "a" * 63 + "=ON"),
        ("ECDSA_KEY", "00" * 31 + "01"),
        ("RETRIEVE_HMAC_KEY", "aa" * 40),
        ("PORT", "65535"),
        ("EXPORT_MAX_AGE_SECONDS", "0"),
        ("RELEASE_PERIOD_HOURS", "0"),
        ("RELEASE_PERIOD_HOURS", "24"),
        ("RELEASE_MINIMUM_UPLOADS", "0"),
        ("ARCHIVE_FILES", "s3://bucket/prefix"),
        ("ARCHIVE_FILES", "file:///f"),
        ("DATABASE_URL", "postgresql://host/name"),
    ],
)
def test_values_at_the_limits_are_accepted(name: str, value: str) -> None:
    assert read(**{name: value})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ENABLE_OUTBREAK_EVENTS", "TRUE", True),
        ("ENABLE_OUTBREAK_EVENTS", "False", False),
        ("RATE_LIMITS", "On", True),
        ("RATE_LIMITS", "OFF", False),
        ("ALLOWED_HOSTS", "Dev.Example, my_host", ("dev.example", "my_host")),
    ],
)
def test_words_and_host_names_may_be_in_capitals(name: str, value: str, expected: object) -> None:
    assert getattr(read(**{name: value}), name.lower()) == expected


def test_a_surface_runs_with_only_its_own_secrets() -> None:
    submission = {key: SECRETS[key] for key in ("KEY_CLAIM_TOKEN", "SECRET_KEY", "SEALING_KEYS")} | URLS
    retrieval = {key: SECRETS[key] for key in SECRETS if key not in submission} | URLS
    with pytest.raises(SurfaceNotServedError):
        _ = Settings.from_environment(submission | {"SURFACES": "submission"}).retrieval
    with pytest.raises(SurfaceNotServedError):
        _ = Settings.from_environment(retrieval | {"SURFACES": "retrieval"}).submission


def test_secrets_as_platforms_make_them_are_enough_for_a_demonstration() -> None:
    made = "0123456789abcdef" * 4
    settings = read(**dict.fromkeys(SECRETS, made), ENV="review")
    assert dict(settings.submission.key_claim_token) == {made: "demonstration"}
    assert settings.retrieval.ecdsa_key.private_numbers().private_value == int(made, 16)


@pytest.mark.parametrize("token", ["0123456789abcdef" * 4, "a" * 20 + "=demonstration"])
def test_in_production_a_token_counts_for_a_health_authority(token: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^KEY_CLAIM_TOKEN: a token must have a label of its own"):
        read(KEY_CLAIM_TOKEN=token, ENV="production")


def test_the_build_is_what_the_platform_says_unless_it_is_given() -> None:
    heroku = {"HEROKU_BRANCH": "topic", "HEROKU_BUILD_COMMIT": "c0ffee"}
    assert (read(**heroku).branch, read(**heroku).revision) == ("topic", "c0ffee")
    assert read(**heroku, BRANCH="main").branch == "main"


def test_herokus_addresses_name_our_driver_and_accept_its_certificate() -> None:
    settings = read(DATABASE_URL="postgres://u:p@h/n", REDIS_URL="rediss://:p@h:6380?db=1")
    assert settings.database_url == "postgresql+psycopg2://u:p@h/n"
    assert settings.redis_url == "rediss://:p@h:6380?db=1&ssl_cert_reqs=none"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("postgres://u:p@[2001:db8::1]:6432/n", {"host": "2001:db8::1", "port": 6432}),
        ("postgres://u:p@one:5432,two:5433/n?sslmode=require", {"host": "one,two", "port": "5432,5433"}),
        ("postgres://u:p@[::1]:1,two/n", {"host": "::1,two", "port": "1,5432"}),
        ("postgres://u:p@%2Frun%2Fpostgresql/n", {"host": "/run/postgresql"}),
        ("postgres://u:p@/n?host=/run/postgresql", {"host": "/run/postgresql"}),
        ("postgres://u:p@host/n", {"host": "host"}),
    ],
)
def test_an_address_may_have_several_hosts_sockets_and_ipv6(address: str, expected: dict[str, object]) -> None:
    url = make_url(read(DATABASE_URL=address).database_url)
    _, arguments = url.get_dialect()().create_connect_args(url)
    assert {**expected, "user": "u", "password": "p", "dbname": "n"}.items() <= arguments.items()
    assert arguments.get("sslmode") == ("require" if "sslmode" in address else None)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        *(
            (name, address.format(scheme))
            for name, scheme in (("DATABASE_URL", "postgres"), ("REDIS_URL", "redis"), ("MAIL_URL", "smtp"))
            for address in ("{}://u:p@host:zq/n", "{}://u:p@host:65536", "{}://u:p@[::zq/n")
        ),
        ("DATABASE_URL", "postgres://u:p@zq@host/n"),
        ("DATABASE_URL", "postgres://u:p@zq/zq@host/n"),
        ("DATABASE_URL", "postgres://u:p@zq/zq?zq@host/n"),
        ("DATABASE_URL", "postgres://u:p@zq/zq?zq=zq@host/n"),
        ("DATABASE_URL", "postgres://u:1,zq/zq@host/n"),
        ("DATABASE_URL", "postgres://u:zq%00@host/n"),
        ("REDIS_URL", "redis://:zq#zq@host:6379/0"),
        ("REDIS_URL", "redis://:12#zq@host:6379/0"),
        ("REDIS_URL", "redis://:p@zq/zq@host:6379/0"),
        ("REDIS_URL", "redis://:p@zq?zq@host:6379/0"),
        ("REDIS_URL", "redis://:/zq@host:6379/0"),
        ("REDIS_URL", "redis:///zq@host:6379/0"),
        ("REDIS_URL", "unix://:p@zq/zq@run/redis.sock"),
        ("REDIS_URL", "redis://:zq\u2100@host:6379/0"),
        ("MAIL_URL", "smtp://u:p@zq?zq@host:587"),
        ("MAIL_URL", "smtp://u:zq#zq@host:587"),
    ],
)
def test_an_address_that_a_library_would_refuse_later_is_refused_at_the_start(name: str, address: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(**{name: address})
    assert str(caught.value).startswith(f"{name}: ")
    assert "zq" not in str(caught.value), "it may be a part of a password"


@pytest.mark.parametrize("password", ["1#2", "1/2", "1?2", "[1", "\u2100", "p%40%25"])
def test_a_database_address_is_read_alike_by_every_library(password: str) -> None:
    address = read(DATABASE_URL=f"postgres://u@azure:{password}@host:6432/n").database_url
    assert (make_url(address).host, make_url(address).password) == ("host", unquote(password))
    parts = urlsplit(address)
    assert (parts.hostname, parts.port, unquote(parts.password or "")) == ("host", 6432, unquote(password))


def test_redis_may_be_at_a_socket_whose_path_contains_an_at_sign() -> None:
    address = read(REDIS_URL="unix:///run/redis@main/redis.sock?db=1").redis_url
    assert redis_client(address).connection_pool.connection_kwargs["path"] == "/run/redis@main/redis.sock"


def test_an_address_that_says_how_to_check_the_certificate_keeps_its_word() -> None:
    assert read(REDIS_URL="rediss://h?ssl_cert_reqs=required").redis_url == "rediss://h?ssl_cert_reqs=required"


def test_the_test_tools_need_a_token_and_never_run_in_production() -> None:
    for changes, name in (
        ({"ENV": "production", "TEST_TOOLS_TOKEN": "t" * 20}, "ENABLE_TEST_TOOLS"),
        ({}, "TEST_TOOLS_TOKEN"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            read(ENABLE_TEST_TOOLS="true", **changes)
        assert str(caught.value).startswith(name)


def test_only_the_exact_word_enables_the_test_tools() -> None:
    assert read(ENABLE_TEST_TOOLS="True").submission.enable_test_tools is False


def test_without_settings_uploads_are_released_in_padded_batches_and_active_keys_are_held_back() -> None:
    settings = read()
    assert (settings.release_period_hours, settings.retrieval.release_minimum_uploads) == (1, 10)
    assert not settings.publish_active_keys
