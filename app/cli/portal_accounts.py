"""`flask portal superuser`, `list`, `disable` and `unlock`: accounts. No command prints or accepts a password."""

from collections.abc import Callable
from typing import Final, TypeVar

import click
from flask.cli import with_appcontext

from app.cli.commands import OperatorCommand
from app.domain.errors import ActionRefusedError
from app.domain.portal.jurisdictions import JURISDICTIONS
from app.domain.timeline import utc_now
from app.web.context import current_context
from app.web.i18n import LANGUAGES

T = TypeVar("T")


@click.command("superuser", cls=OperatorCommand)
@click.argument("email")
@click.option("--jurisdiction", type=click.Choice(list(JURISDICTIONS)), default="CDS", show_default=True)
@click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True)
@with_appcontext
def superuser(email: str, jurisdiction: str, language: str) -> None:
    """Invite a superuser: print a link, valid for one day, with which the person creates the account."""
    context = current_context()
    token = _attempt(lambda: context.portal.operation.invite_superuser(email, jurisdiction, language, utc_now()))
    base = (context.settings.portal.portal_url or "").rstrip("/")
    click.echo(f"{base}/{language}/invitation/{token}")
    if not base:
        click.echo("PORTAL_URL is not set: put the address of the portal in front of this path.", err=True)


@click.command("list", cls=OperatorCommand)
@with_appcontext
def list_accounts() -> None:
    """List the accounts: address, role, jurisdiction, state and last sign-in."""
    for account in current_context().portal.operation.accounts():
        person = account.person
        state = "disabled" if account.disabled_at else "active"
        last = f"{account.last_sign_in:%Y-%m-%dT%H:%MZ}" if account.last_sign_in else "never"
        click.echo(f"{person.email}\t{person.role}\t{person.jurisdiction.code}\t{state}\t{last}")


@click.command("disable", cls=OperatorCommand)
@click.argument("email")
@with_appcontext
def disable(email: str) -> None:
    """Disable an account and end its sessions. An administrator can enable it again in the portal."""
    _attempt(lambda: current_context().portal.operation.disable(email, utc_now()))


@click.command("unlock", cls=OperatorCommand)
@click.argument("email")
@with_appcontext
def unlock(email: str) -> None:
    """Unlock an account after failed attempts to sign in."""
    _attempt(lambda: current_context().portal.operation.unlock(email, utc_now()))


ACCOUNT_COMMANDS: Final = (superuser, list_accounts, disable, unlock)


def _attempt(action: Callable[[], T]) -> T:
    try:
        return action()
    except ActionRefusedError as error:
        raise click.ClickException(error.reason) from None
