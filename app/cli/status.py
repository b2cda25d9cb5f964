"""`flask status`: what the service has done lately, as a table."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

import click
from flask.cli import with_appcontext
from sqlalchemy import Connection

from app.cli.commands import OperatorCommand
from app.config import RETRIEVAL, SUBMISSION, Settings
from app.database.schema import Schema, head_revision
from app.domain.timeline import utc_now
from app.store import counters, export_archives
from app.upkeep.last_purge import last_purge
from app.web.context import current_context

_DAYS: Final = 7


@click.command(cls=OperatorCommand)
@with_appcontext
def status() -> None:
    """Print the last purge, the newest archive, the queues, the schema, the tokens' labels and a week of counts."""
    from app.upkeep.queues import queue_of  # RQ, which serving processes do not need

    context, now = current_context(), utc_now()
    settings, redis = context.settings, context.redis
    rows: list[tuple[str, object]] = [("schema", _schema(context.schema))]
    if settings.serves(SUBMISSION):
        rows += [("last purge", _age(last_purge(redis), now))]
    with context.database.autocommit() as connection:
        if settings.serves(RETRIEVAL):
            rows += [("newest archive", _age(export_archives.newest(connection), now))]
        for surface in settings.surfaces:
            queue = queue_of(surface, redis)
            rows += [(f"jobs of {surface}", f"{queue.count} waiting")]
            rows += [(f"failed jobs of {surface}", queue.failed_job_registry.get_job_count(cleanup=False))]
        rows += _tokens(settings)
        rows += [(f"{now - timedelta(days=ago):%Y-%m-%d}", _counts(connection, now, ago)) for ago in range(_DAYS)]
    for name, value in rows:
        click.echo(f"{name}\t{value}")


def _schema(schema: Schema) -> str:
    state = f"newer than {head_revision()} of this version" if schema.is_newer() else schema.state().value
    return f"{schema.revision() or 'none'} ({state})"


def _age(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "unknown"
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC, {int((now - moment).total_seconds())} seconds ago"


def _tokens(settings: Settings) -> list[tuple[str, object]]:
    """Return the number of tokens of each label. A token itself is never printed."""
    if not settings.serves(SUBMISSION):
        return []
    numbers = Counter(settings.submission.key_claim_token.values())
    return [(f"tokens of {label}", number) for label, number in sorted(numbers.items())]


def _counts(connection: Connection, now: datetime, days_ago: int) -> str:
    day = (now - timedelta(days=days_ago)).date()
    events: Counter[str] = Counter()
    for event in counters.events_of(connection, day):
        events[event.identifier] += event.count
    uploads = counters.uploads_of(connection, day)
    issued = events["OTKGenerated"] + events["OTKRegenerated"]
    keys = sum(upload.count for upload in uploads)
    return f"{issued} codes issued, {events['OTKClaimed']} claimed, {len(uploads)} uploads of {keys} keys"
