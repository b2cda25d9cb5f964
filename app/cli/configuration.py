"""`flask configuration`: check the exposure configuration as phones do."""

import os
from pathlib import Path

import click

from app.retrieval.configuration import SHIPPED, find_problems


@click.group()
def configuration() -> None:
    """The exposure configuration: the files that phones read."""


@configuration.command("check")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
def check(folder: Path | None) -> None:
    """Check the files in FOLDER, or those that ship and those in EXPOSURE_CONFIGURATION_PATH, as phones do.

    Prints one line for each problem, and ends with status 1 if there is one.
    """
    replacements = os.environ.get("EXPOSURE_CONFIGURATION_PATH")
    folders = [folder] if folder else [SHIPPED, *([Path(replacements)] if replacements else [])]
    problems = [problem for checked in folders for problem in find_problems(checked)]
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise click.exceptions.Exit(1)
    click.echo(f"No problem in {', '.join(map(str, folders))}.")
