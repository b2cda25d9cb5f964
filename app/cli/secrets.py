"""`flask secrets`: make each secret of the service."""

import click

from app.cli.commands import OperatorGroup
from app.config.parsers import MAX_LABEL_CHARACTERS
from app.config.secrets import SECRET_MAKERS, make_claim_token


@click.group(cls=OperatorGroup)
def secrets() -> None:
    """Make the secrets of the service. Each is printed as NAME=value, and stored nowhere."""


@secrets.command("make")
@click.argument("names", nargs=-1, type=click.Choice(sorted(SECRET_MAKERS)))
def make(names: tuple[str, ...]) -> None:
    """Make the secrets named, or all of them."""
    for name in names or sorted(SECRET_MAKERS):
        click.echo(f"{name}={SECRET_MAKERS[name]()}")


@secrets.command("token")
@click.argument("label")
def token(label: str) -> None:
    """Make a token for a health authority, to append to KEY_CLAIM_TOKEN after a colon."""
    if not 0 < len(label) <= MAX_LABEL_CHARACTERS or ":" in label or "=" in label:
        raise click.BadParameter(f"must have 1 to {MAX_LABEL_CHARACTERS} characters other than : and =")
    click.echo(make_claim_token(label))
