"""`flask codes`, `flask counts`, `flask purge` and `flask keys`: what an operator does by hand."""

import click
from flask.cli import with_appcontext

from app.upkeep import retention
from app.upkeep import resealing
from app.domain.timeline import minute_number, utc_now
from app.web.context import current_database, current_ring, current_settings
from app.store import claim_attempts, key_pairs
from app.store import diagnosis_keys as exposure_keys
from app.submission.codes import issue_code


@click.group()
def codes() -> None:
    """One-time codes."""


@codes.command("issue")
@click.option("--label", required=True, help="The label of the health authority that the code counts for.")
@with_appcontext
def issue(label: str) -> None:
    """Issue a one-time code and print it."""
    settings = current_settings()
    if label not in (settings.key_claim_token or {}).values():
        raise click.BadParameter(f"{label!r} is not a label of KEY_CLAIM_TOKEN", param_hint="--label")
    click.echo(issue_code(current_database(), settings, current_ring(), label, None, utc_now()))


@click.command()
@with_appcontext
def counts() -> None:
    """Print how many codes wait, how many were claimed, the exposure keys stored, and the wrong codes tried."""
    with current_database().single() as connection:
        figures = {
            **key_pairs.count(connection),
            "exposure_keys": exposure_keys.count(connection),
            **claim_attempts.count(connection, minute_number(utc_now())),
        }
    for name, number in figures.items():
        click.echo(f"{name}\t{number}")


@click.command()
@with_appcontext
def purge() -> None:
    """Delete now what has outlived its purpose, and print how much it was."""
    deleted = retention.purge(current_database(), current_settings(), utc_now())
    for name, number in deleted.items():
        click.echo(f"{name}\t{'failed' if number is None else number}")
    if None in deleted.values():
        raise click.ClickException("a step failed; the log says where")


@click.group()
def keys() -> None:
    """Private keys at rest."""


@keys.command("reseal")
@with_appcontext
def reseal() -> None:
    """Seal every stored private key with the first of SEALING_KEYS. Run it after putting a new key first."""
    outcome = resealing.reseal_all(current_database(), current_ring())
    click.echo(f"resealed\t{outcome.resealed}\nalready current\t{outcome.current}\nunreadable\t{outcome.unreadable}")
    if outcome.unreadable:
        raise click.ClickException("some keys open with none of SEALING_KEYS; keep the old key in it")


@keys.command("check")
@with_appcontext
def check() -> None:
    """Try to open every stored private key, as after a restore. It changes nothing."""
    outcome = resealing.check_all(current_database(), current_ring())
    click.echo(f"readable\t{outcome.readable}\nunreadable\t{outcome.unreadable}")
    if outcome.unreadable:
        raise click.ClickException("some keys open with none of SEALING_KEYS; add the key that sealed them")
