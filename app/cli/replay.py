"""`flask replay`: send a published day of keys through a running server, and check what comes back."""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import click
from flask.cli import with_appcontext

from app.cli.commands import OperatorCommand
from app.domain.timeline import SECONDS_PER_DAY
from app.domain.uploads import DiagnosisKey
from app.replay.day import DayUnreadable, move_to_present, read_day, share_out
from app.replay.patient import ReplayFailed, Server
from app.replay.run import Replayed
from app.replay.run import replay as run_replay
from app.web.context import current_settings

_BUILDING_SECONDS: Final = 10  # what building an archive may take on top of its age


@click.command(cls=OperatorCommand)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--url", required=True, help="Where the server answers, such as http://127.0.0.1:8001.")
@click.option("--retrieval-url", help="Where it serves archives, if that is elsewhere.")
@with_appcontext
def replay(file: Path, url: str, retrieval_url: str | None) -> None:
    """Send the published keys of FILE to a server whose secrets are in the environment, and fetch them back.

    FILE is a table such as tests/data/published_keys_2020-06-23.csv. Its keys are moved to the present by whole days
    and shared out among simulated patients.
    """
    settings = current_settings()
    try:
        patients = share_out(move_to_present(read_day(file), int(time.time()) // SECONDS_PER_DAY))
    except DayUnreadable as error:
        raise click.BadParameter(str(error), param_hint="FILE") from None
    server = Server(
        submission_url=url.rstrip("/"),
        retrieval_url=(retrieval_url or url).rstrip("/"),
        token=next(iter(settings.submission.key_claim_token)),
        hmac_key=settings.retrieval.retrieve_hmac_key,
        region=settings.region_code,
    )
    try:
        click.echo(
            f"Archives may be up to {settings.retrieval.export_max_age_seconds} seconds old (EXPORT_MAX_AGE_SECONDS)."
        )
        outcome = run_replay(
            server,
            patients,
            settings.retrieval.ecdsa_key.public_key(),
            _with_progress,
            patience_seconds=settings.retrieval.export_max_age_seconds + _BUILDING_SECONDS,
        )
    except ReplayFailed as error:
        raise click.ClickException(str(error)) from None
    _report(outcome)


def _with_progress(patients: Iterable[Sequence[DiagnosisKey]]) -> Iterable[Sequence[DiagnosisKey]]:
    with click.progressbar(list(patients), label="patients") as bar:
        yield from bar


def _report(outcome: Replayed) -> None:
    click.echo(
        f"{outcome.patients} patients sent {outcome.keys} keys.\n"
        f"Today's archive is signed, and holds each of them once, in order"
        f"{f', among {outcome.others} others' if outcome.others else ''}.\n"
        f"The bundle is signed, and holds {outcome.bundle_keys} keys of past days; today's join it tomorrow."
    )
