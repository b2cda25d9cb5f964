"""`flask secrets encrypt` and `flask secrets rotate`: secrets that AWS KMS, Secrets Manager or a file holds."""

import hashlib
import os
import sys
from typing import Final

import click
from flask.cli import with_appcontext

from app.cli.commands import OperatorCommand
from app.config import references
from app.config.secrets import SECRET_MAKERS
from app.config.settings import describe_settings, parse_setting
from app.crypto import key_service
from app.crypto.sealing import SealingRing
from app.domain.errors import ConfigurationError, KeyServiceError
from app.upkeep import resealing
from app.web.context import current_context

# Settings that are lists, separated by commas, whose first key is used and whose others still open what they sealed.
KEY_LISTS: Final = ("SEALING_KEYS", "PORTAL_SECRET_KEYS")
_NEXT: Final = {
    "add": "Replace all processes. When each has the new key: flask secrets rotate {name} use --key {key}",
    "use": "Replace all processes, then see docs/operations.md, Rotating secrets, for when the old key may go.",
    "retire": "Replace all processes.",
}


@click.command("encrypt")
@click.argument("name", type=click.Choice(sorted(each.name for each in describe_settings() if each.is_secret)))
@click.option("--key", required=True, help="The key of AWS KMS: its ARN, or alias/NAME.")
def encrypt(name: str, key: str) -> None:
    """Encrypt the value of a secret setting, read from standard input, and print NAME=aws-kms://…"""
    value = sys.stdin.read().strip()
    try:
        parse_setting(name, value)
        envelope = key_service.seal_setting(key, name, value)
    except (ConfigurationError, KeyServiceError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{name}={references.KMS}{key}#{envelope}")


@click.command("rotate", cls=OperatorCommand)
@click.argument("name", type=click.Choice(KEY_LISTS))
@click.argument("step", type=click.Choice(sorted(_NEXT)))
@click.option("--key", "key_id", default="", help="The key to use, as printed by `add`. Required by `use`.")
@click.option("--yes", is_flag=True, help="Do not ask before an old key is removed.")
@with_appcontext
def rotate(name: str, step: str, key_id: str, *, yes: bool) -> None:
    """Rotate a list of keys where it is stored: `add` a new one, `use` it, and `retire` the others.

    The setting must be a reference, file:// or aws-secret://. Each step takes effect when processes are replaced, and
    each must be complete before the next one: docs/operations.md, Rotating secrets.
    """
    reference = os.environ.get(name, "").strip()
    try:
        keys = [key.strip() for key in references.resolve(name, reference).split(",")]
        changed = _changed(name, step, keys, key_id, ask=not yes)
        _check_poster_key(name, keys, changed)
        references.replace(reference, ",".join(changed))
    except (ValueError, KeyServiceError) as error:
        raise click.ClickException(f"{name}: {error}") from None
    click.echo(f"keys\t{len(changed)}\n{_NEXT[step].format(name=name, key=_id_of(changed[-1]))}")


def _changed(name: str, step: str, keys: list[str], key_id: str, *, ask: bool) -> list[str]:
    """Return the list after a step. Raises ClickException if the step is not possible yet."""
    if step == "add":
        return [*keys, SECRET_MAKERS[name]()]
    if len(keys) == 1:
        raise click.ClickException(f"{name} has one key only; begin with: flask secrets rotate {name} add")
    if step == "use":
        return _with_first(name, keys, key_id)
    if name == "SEALING_KEYS":
        _check_resealed(keys[0])
    if ask:
        click.confirm("Has the first key been in use for as long as docs/operations.md asks?", abort=True)
    return keys[:1]


def _with_first(name: str, keys: list[str], key_id: str) -> list[str]:
    """Return the list with a key in front. Naming it makes the step repeatable: the order does not show what is new."""
    chosen = [key for key in keys if _id_of(key) == key_id][:1]
    if not chosen:
        ids = ", ".join(map(_id_of, keys))
        raise click.ClickException(f"{name}: name the key to use with --key, of {ids}; the first is in use")
    return chosen + [key for key in keys if key not in chosen]


def _id_of(key: str) -> str:
    """Return a short name of a key, which does not lead to the key: that is 32 random bytes."""
    return hashlib.sha256(bytes.fromhex(key)).hexdigest()[:8]


def _check_poster_key(name: str, keys: list[str], changed: list[str]) -> None:
    """Raise ClickException if a step would change the key of posters, which is derived from the last secret."""
    if name == "PORTAL_SECRET_KEYS" and changed[-1] != keys[-1] and not os.environ.get("QR_SIGNATURE_KEY", "").strip():
        raise click.ClickException(
            f"{name}: posters are signed with a key that is derived from the last of these secrets. Keep it first: set "
            "QR_SIGNATURE_KEY to what `flask portal poster-key --seed` prints"
        )


def _check_resealed(key: str) -> None:
    outcome = resealing.check_all(current_context().database, SealingRing((bytes.fromhex(key),)))
    if outcome.unreadable:
        raise click.ClickException(
            f"{outcome.unreadable} private keys are sealed with an old key; first: flask keys reseal"
        )
