"""`flask portal`: what an operator does for the portal."""

import click

from app.cli.commands import OperatorGroup
from app.cli.portal_accounts import ACCOUNT_COMMANDS


@click.group(cls=OperatorGroup)
def portal() -> None:
    """The portal for health-care professionals."""


for command in ACCOUNT_COMMANDS:
    portal.add_command(command)
