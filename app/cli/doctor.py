"""`flask doctor`: everything that a start needs, as one table of what is right and what is wrong."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import click
from flask.cli import ScriptInfo
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.config import PORTAL, STATUS, Settings
from app.config.settings import setting_errors
from app.config.strength import weak_secrets
from app.config.unknown import similar_settings
from app.database.clock_check import TOLERANCE_SECONDS, compare_clocks
from app.database.errors import database_place, describe_failure, redis_place
from app.database.schema import SchemaState, head_revision
from app.database.tls import Tls, tls_to_database, tls_to_redis
from app.web.context import Context
from app.web.routing import Application

# Connections of a job, and of the release (docs/operations.md, Scaling).
_WORKER_CONNECTIONS: Final = 3
_RELEASE_CONNECTIONS: Final = 1

_TLS_REMEDIES: Final = {
    ("PostgreSQL", Tls.OPTIONAL): "add ?sslmode=verify-full to DATABASE_URL",
    ("PostgreSQL", Tls.UNVERIFIED): "set sslmode=verify-full if an authority signed the certificate",
    ("Redis", Tls.OPTIONAL): "use rediss:// in REDIS_URL",
    (
        "Redis",
        Tls.UNVERIFIED,
    ): "set ssl_cert_reqs=required, without ssl_check_hostname, if an authority signed the certificate",
}

_CONNECTIONS = text("""
    SELECT least(
        current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer,
        (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
        (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database())
    )
""")


@dataclass(frozen=True)
class Finding:
    """The result of one check. `text` has what was found and, if it is wrong, what to do."""

    subject: str
    is_right: bool
    text: str


@click.command()
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Check the settings, PostgreSQL, Redis and the secrets, and print what to do about each problem."""
    app = ctx.ensure_object(ScriptInfo).load_app()
    findings = list(_unusable_settings(os.environ))
    if isinstance(app, Application) and hasattr(app, "context"):
        findings = list(_examine(app.context, os.environ))
    for finding in findings:
        click.echo(f"{'right' if finding.is_right else 'WRONG'}\t{finding.subject}\t{finding.text}")
    wrong = sum(not finding.is_right for finding in findings)
    if wrong:
        raise click.ClickException(f"{wrong} of {len(findings)} checks found something wrong")


def _unusable_settings(environment: Mapping[str, str]) -> Iterator[Finding]:
    for line in setting_errors(environment):
        name, _, problem = line.partition(": ")
        yield Finding(name, False, problem)
    yield from _unknown_settings(environment)


def _examine(context: Context, environment: Mapping[str, str]) -> Iterator[Finding]:
    settings = context.settings
    yield Finding("settings", True, f"ENV is {settings.env}, SURFACES is {','.join(settings.surfaces)}")
    yield from _unknown_settings(environment)
    yield from _check("PostgreSQL", settings, lambda: _postgresql(context, environment))
    yield from _check("Redis", settings, lambda: _redis(context))
    if settings.is_production:
        yield from _encryption(settings, environment)
        yield from _mail(settings)
    yield _proxies(settings, environment)
    weak = weak_secrets(settings)
    names = ", ".join(weak)
    yield Finding(
        "secrets",
        not weak,
        f"guessable or used twice: {names}. Make each with flask secrets" if weak else "none is guessable",
    )


def _unknown_settings(environment: Mapping[str, str]) -> Iterator[Finding]:
    for variable, name in similar_settings(environment).items():
        yield Finding(variable, False, f"is not a setting and is ignored. Probably {name} is meant")


def _check(subject: str, settings: Settings, examine: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from examine()
    except (DBAPIError, RedisError) as error:
        yield Finding(subject, False, describe_failure(error, settings))


def _postgresql(context: Context, environment: Mapping[str, str]) -> Iterator[Finding]:
    context.database.ping()
    yield Finding("PostgreSQL", True, f"responds at {database_place(context.settings)}")
    state = context.schema.state()
    head, is_newer = head_revision(), state is SchemaState.CURRENT and context.schema.is_newer()
    current = f"is newer than {head} of this version" if is_newer else f"is that of this version, {head}"
    yield {
        SchemaState.CURRENT: Finding("schema", True, current),
        SchemaState.PENDING: Finding("schema", False, "is older than this version: run flask --app app db upgrade"),
        SchemaState.UNKNOWN: Finding(
            "schema", False, "cannot be read: GRANT SELECT ON alembic_version to the role of DATABASE_URL"
        ),
    }[state]
    with context.database.autocommit() as connection:
        skew = abs(compare_clocks(connection, context.clock)[1])
        allowed = connection.execute(_CONNECTIONS).scalar_one()
    yield Finding(
        "clock",
        skew < TOLERANCE_SECONDS,
        f"differs from PostgreSQL's by {skew:.1f} seconds"
        + ("" if skew < TOLERANCE_SECONDS else ": synchronize both hosts with NTP"),
    )
    yield _connections(context.settings, environment, allowed)


def _connections(settings: Settings, environment: Mapping[str, str], allowed: int) -> Finding:
    workers = environment.get("WEB_CONCURRENCY", "")
    processes = int(workers) if workers.isdigit() else 2
    needed = processes * settings.database_pool_size + _WORKER_CONNECTIONS + _RELEASE_CONNECTIONS
    rule = f"WEB_CONCURRENCY {processes} × DATABASE_POOL_SIZE {settings.database_pool_size} + 4 for worker and release"
    if needed <= allowed:
        return Finding("connections", True, f"{needed} of {allowed}: {rule}, for one web process")
    return Finding("connections", False, f"{needed}, but only {allowed} are allowed: lower one of {rule}")


def _redis(context: Context) -> Iterator[Finding]:
    context.check_redis()
    yield Finding("Redis", True, f"responds and stores data at {redis_place(context.settings)}")


def _encryption(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    for server, tls in (("PostgreSQL", tls_to_database(settings, environment)), ("Redis", tls_to_redis(settings))):
        remedy = _TLS_REMEDIES.get((server, tls))
        yield Finding(f"TLS to {server}", tls is not Tls.OPTIONAL, f"{tls}: {remedy}" if remedy else tls)


def _mail(settings: Settings) -> Iterator[Finding]:
    mail = settings.portal if settings.serves(PORTAL) else settings.status if settings.serves(STATUS) else None
    if mail is None or not mail.mail_url:
        return
    is_local = mail.mail_from.endswith("@localhost")
    remedy = ", which other servers refuse: set an address of your domain" if is_local else ""
    yield Finding("MAIL_FROM", not is_local, mail.mail_from + remedy)


def _proxies(settings: Settings, environment: Mapping[str, str]) -> Finding:
    count = settings.trusted_proxies
    if count == 0 and (settings.is_production or "DYNO" in environment):
        text = "0, so all clients behind the proxy that ends TLS count as one network: set the number of proxies"
        return Finding("TRUSTED_PROXIES", False, text)
    return Finding("TRUSTED_PROXIES", True, f"{count}: must be the number of proxies in front")
