"""`flask secrets`: make each secret of the service, and hand a token to its health authority. See also `rotation`."""

import re
from typing import Final

import click
from flask.cli import ScriptInfo

from app.cli import rotation
from app.cli.commands import OperatorGroup
from app.config.parsers import MAX_LABEL_CHARACTERS
from app.config.secrets import SECRET_MAKERS, make_claim_token
from app.domain.errors import HandoverError, NoRoomError
from app.domain.timeline import utc_now
from app.web.context import Context
from app.web.i18n import LANGUAGES
from app.web.routing import Application

_LINKS: Final = ("https://", "http://")


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
@click.option("--share", "receiver", metavar="EMAIL-OR-LINK", help="Also hand it over: docs/sharing.md.")
@click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], help="The language of the e-mail.")
@click.pass_context
def token(ctx: click.Context, label: str, receiver: str | None, language: str) -> None:
    """Make a token for a health authority, to append to KEY_CLAIM_TOKEN after a colon."""
    if not re.fullmatch(rf"[^\s:=]{{1,{MAX_LABEL_CHARACTERS}}}", label) or not label.isprintable():
        raise click.BadParameter(f"must have 1 to {MAX_LABEL_CHARACTERS} visible characters other than : and =")
    pair = make_claim_token(label)
    if receiver is not None:
        made = pair.rpartition("=")[0]
        try:
            if receiver.startswith(_LINKS):
                _answer(receiver, made)
            else:
                _share(_sharing_context(ctx), receiver, language, made)
        except HandoverError as error:
            raise click.ClickException(f"not shared: {error}") from None
    click.echo(pair)


def _answer(link: str, made: str) -> None:
    from app.sharing import handover

    click.echo(f"receipt\t{handover.answer(link, made).receipt}")


def _share(context: Context, email: str, language: str, made: str) -> None:
    """Store the token in this service, and send the link, or print it if there is no portal to send it."""
    from app.sharing import handover

    address, now = context.settings.sharing.sharing_url, utc_now()
    if address is None:
        raise click.ClickException("SHARING_URL: required by --share with an e-mail address")
    if "@" not in email:
        raise click.BadParameter("is neither an e-mail address nor a link", param_hint="--share")
    try:
        done = handover.share(context.sharing, made, address, now)
    except NoRoomError:
        raise click.ClickException("not shared: SHARING_TOTAL_BYTES or SHARING_NETWORK_BYTES is used up") from None
    if context.served_portal is not None and done.link and done.expires:
        from app.portal.shared_links import send_link

        send_link(context.portal, to=email, language=language, link=done.link, expires=done.expires, now=now)
        click.echo(f"sent to\t{email}")
    else:
        click.echo(f"link for {email}\t{done.link}")
    click.echo(f"receipt\t{done.receipt}")


def _sharing_context(ctx: click.Context) -> Context:
    app = ctx.ensure_object(ScriptInfo).load_app()
    if not isinstance(app, Application) or not hasattr(app, "context"):
        raise click.ClickException("--share with an e-mail address needs the settings of sharing")
    return app.context


secrets.add_command(rotation.encrypt)
secrets.add_command(rotation.rotate)
