"""The operator's command line: `flask --app app …`."""

import click
from flask.cli import AppGroup, FlaskGroup

from app.cli.archives import archives
from app.cli.configuration import configuration
from app.cli.doctor import doctor
from app.cli.importing import import_command, import_forget, import_settings
from app.cli.incidents import incidents
from app.cli.objectives import objectives
from app.cli.operations import codes, counts, keys, purge
from app.cli.planned_work import planned_work
from app.cli.portal import portal
from app.cli.secrets import secrets
from app.cli.seed import seed
from app.cli.sharing import sharing
from app.cli.status import status
from app.domain.errors import ConfigurationError
from app.web.routing import Application


def init_cli(app: Application) -> None:
    """Register the operator's commands."""
    for command in (
        secrets,
        configuration,
        codes,
        counts,
        purge,
        keys,
        archives,
        seed,
        sharing,
        status,
        planned_work,
        objectives,
        incidents,
        doctor,
        portal,
    ):
        app.cli.add_command(command)
    for command in (import_command, import_settings, import_forget):
        app.cli.add_command(command)


class _Subset(click.Group):
    """A group of which some commands need no settings; for others, an error."""

    def __init__(self, group: click.Group, names: tuple[str, ...], error: ConfigurationError) -> None:
        super().__init__(group.name, {name: group.commands[name] for name in names}, help=group.help)
        self._error = error

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is None:
            raise click.ClickException(str(self._error))
        return command


class _WithoutSettings(AppGroup):
    """The commands of an application without settings: those that need none, and an error for others."""

    def __init__(self, error: ConfigurationError) -> None:
        super().__init__()
        self._error = error
        self.add_command(secrets)
        self.add_command(doctor)
        self.add_command(configuration)
        self.add_command(_Subset(objectives, ("check", "generate"), error))
        self.add_command(import_settings)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is None:
            raise click.ClickException(str(self._error))
        return command


def without_settings(error: ConfigurationError) -> Application:
    """Return an application whose commands need no settings, if `flask` is listing commands; else raise the error.

    The first secrets are generated before there are any settings. In a command, the error is printed as one line.
    """
    context = click.get_current_context(silent=True)
    if context is None:
        raise error
    if not isinstance(context.command, FlaskGroup):
        raise click.ClickException(str(error))
    app = Application("app", static_folder=None)
    app.cli = _WithoutSettings(error)
    return app
