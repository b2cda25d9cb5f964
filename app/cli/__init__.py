"""The operator's command line: `flask --app app …`."""

import click
from flask import Flask
from flask.cli import AppGroup, FlaskGroup

from app.cli.archives import archives
from app.cli.importing import import_command, import_forget, import_settings
from app.cli.operations import codes, counts, keys, purge
from app.cli.replay import replay
from app.cli.secrets import secrets
from app.cli.seed import seed
from app.config import ConfigurationError


def init_cli(app: Flask) -> None:
    """Add the operator's commands."""
    for command in (secrets, codes, counts, purge, keys, archives, replay, seed):
        app.cli.add_command(command)
    for command in (import_command, import_settings, import_forget):
        app.cli.add_command(command)


class _WithoutSettings(AppGroup):
    """Commands of an application that has no settings yet: those that make some, and for all others the error."""

    def __init__(self, error: ConfigurationError) -> None:
        super().__init__()
        self._error = error
        self.add_command(secrets)
        self.add_command(import_settings)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is None:
            raise click.ClickException(str(self._error))
        return command


def without_settings(error: ConfigurationError) -> Flask:
    """Return an application that can only make secrets, when `flask` looks for its commands; else raise.

    Somebody who makes the first secrets has none yet. Inside a command the error becomes its one line.
    """
    context = click.get_current_context(silent=True)
    if context is None:
        raise error
    if not isinstance(context.command, FlaskGroup):
        raise click.ClickException(str(error))
    app = Flask("app", static_folder=None)
    app.cli = _WithoutSettings(error)
    return app
