"""The operator's command line: `flask --app app …`."""

import click
from flask import Flask
from flask.cli import AppGroup, FlaskGroup

from app.cli.archives import archives
from app.cli.configuration import configuration
from app.cli.operations import codes, counts, keys, purge
from app.cli.secrets import secrets
from app.cli.seed import seed
from app.config import ConfigurationError


def init_cli(app: Flask) -> None:
    """Add the operator's commands."""
    for command in (secrets, configuration, codes, counts, purge, keys, archives, seed):
        app.cli.add_command(command)


class _WithoutSettings(AppGroup):
    """Commands that need no settings: they make secrets and check the exposure configuration."""

    def __init__(self, error: ConfigurationError) -> None:
        super().__init__()
        self._error = error
        self.add_command(secrets)
        self.add_command(configuration)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is None:
            raise click.ClickException(str(self._error))
        return command


def without_settings(error: ConfigurationError) -> Flask:
    """Return an application with the commands that need no settings, when `flask` looks for its commands; else raise.

    An operator who makes the first secrets has no settings yet. Inside a command the error becomes its one line.
    """
    context = click.get_current_context(silent=True)
    if context is None:
        raise error
    if not isinstance(context.command, FlaskGroup):
        raise click.ClickException(str(error))
    app = Flask("app", static_folder=None)
    app.cli = _WithoutSettings(error)
    return app
