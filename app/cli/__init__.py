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
        import_command,
        import_settings,
        import_forget,
    ):
        app.cli.add_command(command)


class _WithoutSettings(AppGroup):
    """Commands that need no settings; for others, an error."""

    def __init__(self, error: ConfigurationError, *commands: click.Command) -> None:
        super().__init__(commands=commands)
        self._error = error

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
    of_objectives = _WithoutSettings(error, objectives.commands["check"], objectives.commands["generate"])
    of_objectives.name, of_objectives.help = objectives.name, objectives.help
    app.cli = _WithoutSettings(error, secrets, doctor, configuration, of_objectives, import_settings)
    return app
