"""`flask sharing`: check that no shared secret outlives its time."""

import click
from flask.cli import with_appcontext

from app.cli.commands import OperatorGroup
from app.database.clock_check import database_time
from app.web.context import current_context


@click.group(cls=OperatorGroup)
def sharing() -> None:
    """Shared secrets."""


@sharing.command("check")
@with_appcontext
def check() -> None:
    """Print how many secrets are stored, and fail if one is older than it may be. Changes nothing."""
    from app.upkeep.sharing_retention import take_inventory  # not needed by processes that serve phones

    context = current_context()
    most_bytes = context.settings.sharing.sharing_total_bytes
    with context.database.autocommit() as connection:
        now = database_time(connection, context.clock)
    found = take_inventory(context.database, now)
    click.echo(f"secrets and requests\t{found.secrets}\nbytes\t{found.bytes} of {most_bytes}")
    for name, number in (
        ("expired and not deleted", found.expired),
        ("created in the future", found.from_the_future),
        ("with a longer lifetime than permitted", found.too_long),
        ("receipts that should be deleted", found.old_receipts),
    ):
        click.echo(f"{name}\t{number}")
    if not found.is_right:
        raise click.ClickException("something outlives its time: check that a worker with SURFACES=sharing runs")
