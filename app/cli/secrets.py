"""`flask secrets`: make each secret of the service."""

import secrets as random
from collections.abc import Callable, Mapping
from typing import Final

import click

from app.config.parsers import MAX_LABEL_CHARACTERS
from app.crypto.sealing import SEALING_KEY_BYTES
from app.crypto.signing import generate_signing_key

_MAKERS: Final[Mapping[str, Callable[[], str]]] = {
    "ECDSA_KEY": generate_signing_key,
    "METRICS_PASSWORD": lambda: random.token_urlsafe(24),
    "METRICS_USERNAME": lambda: f"metrics-{random.token_hex(4)}",
    "RETRIEVE_HMAC_KEY": lambda: random.token_hex(32),
    "SEALING_KEYS": lambda: random.token_hex(SEALING_KEY_BYTES),
    "SECRET_KEY": lambda: random.token_hex(32),
    "TEST_TOOLS_TOKEN": lambda: random.token_urlsafe(32),
}


@click.group()
def secrets() -> None:
    """Make the secrets of the service. Each is printed as NAME=value, and nowhere else."""


@secrets.command("make")
@click.argument("names", nargs=-1, type=click.Choice(sorted(_MAKERS)))
def make(names: tuple[str, ...]) -> None:
    """Make the secrets named, or all of them."""
    for name in names or sorted(_MAKERS):
        click.echo(f"{name}={_MAKERS[name]()}")


@secrets.command("token")
@click.argument("label")
def token(label: str) -> None:
    """Make a token for a health authority, to append to KEY_CLAIM_TOKEN after a colon."""
    if not 0 < len(label) <= MAX_LABEL_CHARACTERS or ":" in label or "=" in label:
        raise click.BadParameter(f"at most {MAX_LABEL_CHARACTERS} characters, none of them : or =")
    click.echo(f"{random.token_urlsafe(32)}={label}")
