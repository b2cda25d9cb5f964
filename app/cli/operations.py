"""`flask codes`, `flask counts`, `flask purge` and `flask keys`: what an operator does by hand."""

import click
from flask.cli import with_appcontext

from app.cli.commands import OperatorCommand, OperatorGroup
from app.database.clock_check import database_time
from app.domain.timeline import minute_number, utc_now
from app.store import claim_attempts, diagnosis_keys, key_pairs
from app.upkeep import mixing, resealing, retention
from app.upkeep.last_purge import record_purge
from app.web.context import current_context


@click.group(cls=OperatorGroup)
def codes() -> None:
    """One-time codes."""


@codes.command("issue")
@click.option("--label", required=True, help="The label of the health authority for which the code is counted.")
@with_appcontext
def issue(label: str) -> None:
    """Issue a one-time code and print it."""
    context = current_context()
    labels = sorted(set(context.settings.submission.key_claim_token.values()))
    if label not in labels:
        raise click.BadParameter(
            f"{label!r} is not a label of KEY_CLAIM_TOKEN, which has: {', '.join(labels)}", param_hint="--label"
        )
    click.echo(context.submission.codes.issue(label, None, utc_now()))


@click.command(cls=OperatorCommand)
@with_appcontext
def counts() -> None:
    """Print the number of unclaimed and claimed codes, stored diagnosis keys, and failed claims."""
    with current_context().database.autocommit() as connection:
        figures = {
            **key_pairs.count(connection),
            "diagnosis_keys": diagnosis_keys.count(connection),
            **claim_attempts.count(connection, minute_number(utc_now())),
        }
    for name, number in figures.items():
        click.echo(f"{name}\t{number}")


@click.command(cls=OperatorCommand)
@with_appcontext
def purge() -> None:
    """Delete expired data now, by the clock of the database, and print the number of deleted rows."""
    context = current_context()
    with context.database.autocommit() as connection:
        now = database_time(connection, context.clock)
    deleted = retention.purge(context.database, context.settings.submission, now)
    for name, number in deleted.items():
        click.echo(f"{name}\t{'failed' if number is None else number}")
    if None in deleted.values():
        raise click.ClickException("a step failed; the log has the cause")
    record_purge(context.redis, now)


@click.group(cls=OperatorGroup)
def keys() -> None:
    """Keys at rest: sealing private keys, and mixing diagnosis keys."""


@keys.command("reseal")
@with_appcontext
def reseal() -> None:
    """Seal every private key with the first of SEALING_KEYS, and hash hashIDs. Run it after adding a key in front."""
    context = current_context()
    outcome = resealing.reseal_all(context.database, context.submission.sealing_ring)
    click.echo(f"resealed\t{outcome.resealed}\nalready current\t{outcome.current}\nunreadable\t{outcome.unreadable}")
    if outcome.unreadable:
        raise click.ClickException("some keys cannot be opened with any of SEALING_KEYS; keep the old key in it")


@keys.command("mix")
@with_appcontext
def mix() -> None:
    """Rewrite stored rows, so that they do not show which keys came in one upload. bin/backup runs it first."""
    mixed = mixing.mix_stored_rows(current_context().database)
    click.echo(f"diagnosis_keys\t{mixed.diagnosis_keys}\nkey_pairs\t{mixed.key_pairs}")


@keys.command("check")
@with_appcontext
def check() -> None:
    """Check that every stored private key can be opened, for example after a restore. Changes nothing."""
    context = current_context()
    outcome = resealing.check_all(context.database, context.submission.sealing_ring)
    click.echo(f"readable\t{outcome.readable}\nunreadable\t{outcome.unreadable}")
    if outcome.unreadable:
        raise click.ClickException("some keys cannot be opened with any of SEALING_KEYS; add the key that sealed them")
