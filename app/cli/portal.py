"""`flask portal`: what an operator does for the portal."""

import base64
import re

import click
from flask.cli import with_appcontext

from app.cli.commands import OperatorGroup
from app.cli.portal_accounts import ACCOUNT_COMMANDS
from app.domain.portal.audit_heads import EMPTY, Head
from app.web.context import current_context


class _HeadType(click.ParamType[Head]):
    """A number and a keyed hash, as `ID:MAC`."""

    name = "ID:MAC"

    def convert(self, value: str | Head, param: click.Parameter | None, ctx: click.Context | None) -> Head:
        """Return the head; fail if it is malformed."""
        if isinstance(value, Head):
            return value
        match = re.fullmatch(r"([0-9]{1,18}):([0-9a-fA-F]{64})", value)
        if match is None:
            self.fail("is not a number and 64 hexadecimal digits, joined by a colon", param, ctx)
        return Head(int(match[1]), bytes.fromhex(match[2]))


@click.group(cls=OperatorGroup)
def portal() -> None:
    """The portal for health-care professionals."""


@portal.command("audit-check")
@click.option(
    "--expect", type=_HeadType(), default=EMPTY, help="An entry that was noted earlier and must still be there."
)
@with_appcontext
def audit_check(expect: Head) -> None:
    """Check that no entry of the audit log was changed, deleted, inserted or moved, and print its newest entry."""
    outcome = current_context().portal.audit_checks.verify(expect)
    if outcome.broken is not None:
        raise click.ClickException(f"the audit log is broken at entry {outcome.broken}")
    if not outcome.has_expected:
        raise click.ClickException(f"the audit log no longer has entry {expect.number} as it was noted")
    click.echo(f"entries\t{outcome.entries}\nnewest\t{outcome.head.number}:{outcome.head.mac.hex()}")


@portal.command("poster-key")
@click.option("--seed", is_flag=True, help="Print the secret seed instead, for QR_SIGNATURE_KEY.")
@with_appcontext
def poster_key(*, seed: bool) -> None:
    """Print the public key with which phones verify the QR codes of posters, in base64."""
    posters = current_context().portal.posters
    click.echo(base64.b64encode(posters.seed if seed else posters.public_key).decode())


for command in ACCOUNT_COMMANDS:
    portal.add_command(command)
