"""Commands whose failures are one line: a server that cannot be used is not worth a traceback."""

from typing import Any

import click
from flask.cli import AppGroup, ScriptInfo
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from app.database.errors import describe_failure
from app.domain.errors import KeyServiceError, SurfaceNotServedError
from app.web.routing import Application


class _OneLineFailures:
    """Turns an error of PostgreSQL, Redis or AWS, or a surface that is not served, into a ClickException."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)  # type: ignore[misc]
        except SurfaceNotServedError as error:
            raise click.ClickException(f"SURFACES of this process does not name {error}") from None
        except KeyServiceError as error:
            raise click.ClickException(str(error)) from None
        except (DBAPIError, RedisError) as error:
            app = ctx.ensure_object(ScriptInfo).load_app()
            if not isinstance(app, Application):
                raise
            raise click.ClickException(describe_failure(error, app.context.settings)) from None


class OperatorCommand(_OneLineFailures, click.Command):
    """A command of an operator."""


def one_line(text: str) -> str:
    """Return a text that people wrote, without characters that would end a line or control the terminal."""
    return "".join(each if each.isprintable() else " " for each in text)


class OperatorGroup(_OneLineFailures, AppGroup):
    """A group of commands of an operator."""
