"""`flask import`, `flask import-settings` and `flask import-forget`: move from the public server."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

import click
from flask.cli import with_appcontext

from app.cli.commands import OperatorCommand
from app.config import SUBMISSION
from app.config.parsers import MAX_LABEL_CHARACTERS, bearer_tokens
from app.database.clock_check import database_time
from app.importing.destination import Destination, Limits, forget_marks
from app.importing.errors import ImportingError
from app.importing.labels import Labels
from app.importing.outcome import Outcome
from app.importing.run import import_all
from app.importing.source import open_source
from app.importing.tables import NOT_MOVED
from app.web.context import current_context

_File = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("import", cls=OperatorCommand)
@click.argument("source", envvar="IMPORT_SOURCE")
@click.option("--tokens", "tokens_file", type=_File, help="File with more tokens, in the form of KEY_CLAIM_TOKEN.")
@click.option("--unknown-label", help="The label of all originators that are neither a known token nor a known label.")
@click.option("--dry-run", is_flag=True, help="Read and compare everything, and write nothing.")
@with_appcontext
def import_command(source: str, tokens_file: Path | None, unknown_label: str | None, dry_run: bool) -> None:
    """Import the data of a public COVID Alert server.

    SOURCE is the URL of its database, mysql://… or mariadb://…, or a folder of dumps: see docs/moving.md. Set
    IMPORT_SOURCE instead, so that other users of the machine cannot see the password. Repeat the command to import
    later changes.
    """
    labels = Labels(_known_tokens(tokens_file), _checked_label(unknown_label))
    context = current_context()
    with context.database.autocommit() as connection:  # whose clock decides what has expired
        limits = Limits.at(database_time(connection, context.clock), context.settings.submission)
    destination = Destination(context.database, context.submission.sealing_ring, limits, dry_run)
    try:
        with open_source(source) as opened:
            imported = import_all(opened, destination, labels, _show_progress)
    except ImportingError as error:
        raise click.ClickException(str(error)) from None
    _print_outcomes(imported.outcomes)
    click.echo(f"{NOT_MOVED} is not imported: it contains addresses, and expires within an hour.", err=True)
    if dry_run:
        click.echo("Dry run: nothing was written.", err=True)
    elif imported.archives_are_stale:
        click.echo("All archives were discarded, and are rebuilt before they are served.", err=True)
    if any(outcome.refused for outcome in imported.outcomes.values() if outcome):
        raise click.ClickException("some rows were refused")


@click.command("import-settings")
@click.argument("file", type=click.File(encoding="utf-8"))
def import_settings(file: TextIO) -> None:
    """Translate the public server's config.yaml into settings, printed as NAME=value. Needs no settings."""
    try:
        from app.importing.settings_file import translate

        translated = translate(file.read())
    except ImportingError as error:
        raise click.ClickException(str(error)) from None
    except UnicodeDecodeError:
        raise click.ClickException(f"{file.name}: is not UTF-8: convert it") from None
    for name, value in translated.settings.items():
        click.echo(f"{name}={value}")
    for remark in translated.remarks:
        click.echo(f"# {remark}", err=True)


@click.command("import-forget", cls=OperatorCommand)
@click.confirmation_option(prompt="A later import will count everything a second time. Delete the record?")
@with_appcontext
def import_forget() -> None:
    """Delete the record of earlier imports, after the move."""
    forget_marks(current_context().database)


def _known_tokens(tokens_file: Path | None) -> Mapping[str, str]:
    """Return KEY_CLAIM_TOKEN and the tokens of a file, each with its label."""
    settings = current_context().settings
    if not settings.serves(SUBMISSION):
        raise click.ClickException("SURFACES: must include submission, whose secrets an import needs")
    tokens = dict(settings.submission.key_claim_token)
    if tokens_file is not None:
        try:
            tokens |= bearer_tokens(":".join(tokens_file.read_text(encoding="utf-8").split()))
        except (ValueError, OSError) as error:
            raise click.BadParameter(str(error), param_hint="--tokens") from None
    return tokens


def _checked_label(label: str | None) -> str | None:
    if label is not None and not 0 < len(label) <= MAX_LABEL_CHARACTERS:
        raise click.BadParameter(f"must have 1 to {MAX_LABEL_CHARACTERS} characters", param_hint="--unknown-label")
    return label


def _is_terminal() -> bool:
    return sys.stderr.isatty()


def _show_progress(table: str, rows: int) -> None:
    if _is_terminal():
        click.echo(f"\r{table}: {rows} rows read", nl=False, err=True)


def _print_outcomes(outcomes: Mapping[str, Outcome | None]) -> None:
    if _is_terminal():
        click.echo("\r\033[K", nl=False, err=True)
    click.echo("table\tread\tnew\tupdated\tunchanged\trefused")
    for table, outcome in outcomes.items():
        if outcome is None:
            click.echo(f"{table}: not in the source.", err=True)
            continue
        figures = (outcome.read, outcome.new, outcome.updated, outcome.unchanged, outcome.refused)
        click.echo("\t".join((table, *map(str, figures))))
        if outcome.deleted:
            click.echo(f"{table}: {outcome.deleted} deleted: expired since an earlier import", err=True)
        for reason, rows in outcome.reasons.items():
            click.echo(f"{table}: {rows} refused: {reason}", err=True)
