"""`flask incidents`: open an incident in one line, and what follows, while no browser is at hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click
from flask.cli import with_appcontext

from app.cli.commands import OperatorGroup, one_line
from app.config import STATUS
from app.domain.errors import IncidentMissingError, IncidentRefusedError
from app.domain.incidents.reports import LANGUAGES, SECTIONS
from app.domain.incidents.states import Impact
from app.domain.status import PARTS
from app.domain.timeline import utc_now
from app.web.context import current_context
from app.web.i18n import load_catalogue

if TYPE_CHECKING:
    from app.incidents.records import Details

ACTOR: Final = "command line"
_NUMBER: Final = click.IntRange(1, 2**63 - 1)  # what PostgreSQL can store


@click.group(cls=OperatorGroup)
def incidents() -> None:
    """Incidents of the service."""


@incidents.command("open")
@click.argument("title")
@click.option("--fr", "title_fr", default="", help="The title in French.")
@click.option("--impact", type=click.Choice([each.value for each in Impact]), default=Impact.MINOR.value)
@click.option("--part", "parts", multiple=True, type=click.Choice(PARTS), help="What is affected; may be repeated.")
@with_appcontext
def open_incident(title: str, title_fr: str, impact: str, parts: tuple[str, ...]) -> None:
    """Open an incident, and print its number. The status page shows it at once."""
    from app.incidents.service import Opening  # not needed by processes that serve phones

    opening = Opening(title.strip(), title_fr.strip(), Impact(impact), tuple(dict.fromkeys(parts)))
    with _one_line_refusals():
        click.echo(current_context().incidents.open(opening, ACTOR, utc_now()))


@incidents.command("list")
@with_appcontext
def list_incidents() -> None:
    """List incidents, those that are ongoing first: number, state, impact, beginning and title."""
    for each in current_context().incidents.newest():
        began = f"{each.began:%Y-%m-%dT%H:%MZ}"
        click.echo(f"{each.number}\t{each.state}\t{each.impact}\t{began}\t{one_line(each.titles['en'])}")


@incidents.command("show")
@click.argument("number", type=_NUMBER)
@with_appcontext
def show(number: int) -> None:
    """Print an incident and its timeline."""
    from app.incidents.texts import event_text

    details = _find(number)
    incident = details.incident
    click.echo(f"{incident.number}\t{incident.state}\t{incident.impact}\t{one_line(incident.titles['en'])}")
    for event in details.events:
        click.echo(
            f"{event.at:%Y-%m-%dT%H:%M:%SZ}\t{one_line(event.author)}\t{one_line(event_text(event, LANGUAGES[0]))}"
        )


@incidents.command("note")
@click.argument("number", type=_NUMBER)
@click.argument("text")
@click.option("--fr", "text_fr", default="", help="The text in French.")
@click.option("--public", "is_public", is_flag=True, help="Also on the status page.")
@with_appcontext
def note(number: int, text: str, text_fr: str, is_public: bool) -> None:
    """Add a note to the timeline of an incident."""
    texts = text.strip(), text_fr.strip()
    with _one_line_refusals():
        current_context().incidents.note(number, texts[0], ACTOR, utc_now(), text_fr=texts[1], is_public=is_public)


@incidents.command("ack")
@click.argument("number", type=_NUMBER)
@with_appcontext
def acknowledge(number: int) -> None:
    """Record that a person attends to an incident, which ends its reminders."""
    with _one_line_refusals():
        current_context().incidents.acknowledge(number, ACTOR, utc_now())


@incidents.command("mitigate")
@click.argument("number", type=_NUMBER)
@with_appcontext
def mitigate(number: int) -> None:
    """Record that users are no longer affected."""
    with _one_line_refusals():
        current_context().incidents.mitigate(number, ACTOR, utc_now())


@incidents.command("resolve")
@click.argument("number", type=_NUMBER)
@with_appcontext
def resolve(number: int) -> None:
    """Record that an incident is over; its report is drafted."""
    with _one_line_refusals():
        current_context().incidents.resolve(number, ACTOR, utc_now())


@incidents.command("report")
@click.argument("number", type=_NUMBER)
@click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True)
@with_appcontext
def report(number: int, language: str) -> None:
    """Print the report of an incident as Markdown, as it is now; it is edited and published in the portal."""
    details, texts = _find(number), load_catalogue("portal", language)
    if details.draft is None:
        raise click.ClickException(_reason("no_report"))
    click.echo(f"# {details.incident.titles[language]}\n")
    for section in SECTIONS:
        click.echo(
            f"## {texts(f'incidents.section.{section}')}\n\n{details.draft.report.sections[language][section]}\n"
        )


@incidents.command("actions")
@click.argument("number", type=_NUMBER)
@click.option("--format", "form", type=click.Choice(("markdown", "github")), default="markdown", show_default=True)
@with_appcontext
def actions(number: int, form: str) -> None:
    """Print the actions of a report: as a list in Markdown, or as a JSON object a line for GitHub's API."""
    from app.incidents.actions import as_issues, as_markdown

    details, settings = _find(number), current_context().settings
    if details.draft is None:
        raise click.ClickException(_reason("no_report"))
    listed = details.draft.report.actions
    base = (settings.status.status_url or "").rstrip("/") if settings.serves(STATUS) else ""
    link = f"{base}/status/en/incidents/{number}" if base else None
    text = as_issues(details.incident, listed, link) if form == "github" else as_markdown(details.incident, listed)
    if text:  # an empty line would be an empty request of the loop that reads them
        click.echo(text)


def _find(number: int) -> "Details":
    with _one_line_refusals():
        return current_context().incidents.find(number, utc_now())


@contextmanager
def _one_line_refusals() -> Iterator[None]:
    try:
        yield
    except IncidentMissingError:
        raise click.ClickException("there is no incident of this number") from None
    except IncidentRefusedError as error:
        raise click.ClickException(_reason(error.reason)) from None


def _reason(name: str) -> str:
    return load_catalogue("portal", LANGUAGES[0])(f"incidents.error.{name}")
