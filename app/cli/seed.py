"""`flask seed`: fill an instance for demonstrations."""

import click
from flask.cli import with_appcontext

from app.cli.commands import OperatorCommand
from app.domain.errors import SeedingForbiddenError
from app.domain.timeline import utc_now
from app.upkeep import seeding
from app.web.context import current_context


@click.command(cls=OperatorCommand)
@with_appcontext
def seed() -> None:
    """Store demonstration keys for each of the last 14 days that lacks them. Refused in production."""
    context = current_context()
    try:
        added = seeding.seed(context.database, context.settings, utc_now())
    except SeedingForbiddenError:
        raise click.ClickException("demonstration keys would alert real people: ENV is production") from None
    click.echo(f"demonstration_keys\t{added}")
