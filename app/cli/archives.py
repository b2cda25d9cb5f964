"""`flask archives`: export an archive to a file, and inspect any archive."""

from datetime import UTC, datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from app.cli.commands import OperatorGroup
from app.config import RETRIEVAL
from app.crypto.signing import load_public_key, public_key_pem
from app.domain.errors import InvalidArchiveError, PeriodUnavailableError
from app.domain.exports import BUNDLE_PERIOD, ArchiveKind, check_period
from app.domain.timeline import utc_now
from app.retrieval.archive_reader import ReadArchive, read_archive
from app.web.context import current_context


@click.group(cls=OperatorGroup)
def archives() -> None:
    """Export archives."""


@archives.command("export")
@click.argument("day")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@with_appcontext
def export(day: str, file: Path) -> None:
    """Write the archive of DAY to FILE. DAY is a date (2026-03-18), a day number, or 00000 for the bundle."""
    context, now = current_context(), utc_now()
    if not context.settings.serves(RETRIEVAL):
        raise click.ClickException("SURFACES: must include retrieval, which serves archives")
    period = _period(day)
    try:
        check_period(period, now, context.settings.export_policy)
    except PeriodUnavailableError as error:
        raise click.BadParameter(f"not served: {error.reason.value}", param_hint="DAY") from None
    archive = context.retrieval.archives.build(ArchiveKind.KEYS, period, now)
    try:
        size = file.write_bytes(archive)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from None
    click.echo(f"{file}\t{size} bytes")


def _period(day: str) -> int:
    if day.isascii() and day.isdigit():
        return BUNDLE_PERIOD if int(day) == 0 else int(day)
    try:
        return int(datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()) // 86400
    except ValueError:
        raise click.BadParameter(f"{day!r} is neither a date nor a day number", param_hint="DAY") from None


@archives.command("public-key")
@with_appcontext
def public_key() -> None:
    """Print the public key that verifies the archives, for app developers."""
    click.echo(public_key_pem(current_context().settings.retrieval.ecdsa_key), nl=False)


@archives.command("inspect")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--public-key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="PEM or DER file.")
def inspect(file: Path, public_key: Path | None) -> None:
    """Describe an archive of this or another server, and verify it with a public key."""
    try:
        archive = read_archive(file)
    except InvalidArchiveError as error:
        raise click.ClickException(f"{file} is not an export archive: {error}") from None
    for name, value in _description(archive):
        click.echo(f"{name}\t{value}")
    if public_key is None:
        return
    try:
        key = load_public_key(public_key.read_bytes())
    except ValueError as error:
        raise click.BadParameter(f"not a public key: {error}", param_hint="--public-key") from None
    if not archive.is_signed_by(key):
        raise click.ClickException("the signature is NOT valid under this public key")
    click.echo("signature\tvalid")


def _description(archive: ReadArchive) -> list[tuple[str, object]]:
    names = ", ".join(f"{entry.key_id} {entry.key_version}".strip() for entry in archive.signatures)
    return [
        ("region", archive.region),
        ("from", _moment(archive.start_seconds)),
        ("to", _moment(archive.end_seconds)),
        ("keys", len(archive.keys)),
        ("revised keys", archive.revised_keys),
        ("signed by", names or "-"),
    ]


def _moment(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return f"{seconds} seconds"
