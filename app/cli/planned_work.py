"""`flask planned-work`: announce work on the service, withdraw it, and list it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import click
from flask.cli import with_appcontext

from app.cli.commands import OperatorGroup, one_line
from app.domain.errors import PlannedWorkRefusedError
from app.domain.portal.local_times import instant_of
from app.domain.status import PARTS, PlannedWork
from app.domain.timeline import utc_now
from app.web.context import current_context

_FORMATS = ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")


@click.group("planned-work", cls=OperatorGroup)
def planned_work() -> None:
    """Work on the service that the status page announces."""


@planned_work.command("announce")
@click.argument("title")
@click.option("--fr", "title_fr", required=True, help="The title in French.")
@click.option("--part", "parts", multiple=True, required=True, type=click.Choice(PARTS), help="May be repeated.")
@click.option("--from", "begins", required=True, type=click.DateTime(_FORMATS), help="In STATUS_TIME_ZONE.")
@click.option("--until", "ends", required=True, type=click.DateTime(_FORMATS), help="In STATUS_TIME_ZONE.")
@with_appcontext
def announce(title: str, title_fr: str, parts: tuple[str, ...], begins: datetime, ends: datetime) -> None:
    """Announce work. The page shows it within a minute; while it lasts, its parts are shown as planned work."""
    status = current_context().status
    zone = status.settings.status_time_zone
    work = PlannedWork(
        number=0,
        titles={"en": title, "fr": title_fr},
        parts=tuple(dict.fromkeys(parts)),
        begins=_instant(begins, zone),
        ends=_instant(ends, zone, is_end=True),
        announced=utc_now(),
    )
    try:
        number = status.planned_work.announce(work)
    except PlannedWorkRefusedError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"announced\t{number}")


@planned_work.command("withdraw")
@click.argument("number", type=int)
@with_appcontext
def withdraw(number: int) -> None:
    """Withdraw work that has not begun, or end work that has, by its number."""
    try:
        current_context().status.planned_work.withdraw(number, utc_now())
    except PlannedWorkRefusedError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"withdrawn\t{number}")


@planned_work.command("list")
@with_appcontext
def list_work() -> None:
    """List the work of the last week, and upcoming work."""
    status = current_context().status
    zone = status.settings.status_time_zone
    for each in status.planned_work.since(utc_now() - timedelta(days=7)):
        begins, ends = (moment.astimezone(zone).isoformat(timespec="minutes") for moment in (each.begins, each.ends))
        click.echo(f"{each.number}\t{begins}\t{ends}\t{','.join(each.parts)}\t{one_line(each.titles['en'])}")


def _instant(local: datetime, zone: ZoneInfo, *, is_end: bool = False) -> datetime:
    """Return the instant of a local time; raise ClickException if clocks skip it."""
    instant = instant_of(local.date(), local.time(), zone, is_end=is_end)
    if instant is None:
        raise click.ClickException(f"clocks skip {local:%Y-%m-%d %H:%M} in {zone.key}")
    return instant
