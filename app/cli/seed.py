"""`flask seed`: fill an instance for demonstrations."""

import click
from flask.cli import with_appcontext

from app.upkeep import seeding
from app.domain.timeline import utc_now
from app.web.context import current_database, current_settings


@click.command()
@with_appcontext
def seed() -> None:
    """Store made-up keys for each of the last 14 days; those already there stay. Not in production."""
    try:
        added = seeding.seed(current_database(), current_settings(), utc_now())
    except seeding.SeedingRefused:
        raise click.ClickException("made-up keys would warn real people: ENV is production") from None
    click.echo(f"made_up_keys\t{added}")
