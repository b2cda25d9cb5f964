"""The options of the command line."""

import argparse
import os
import re
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parent.parent
# The commands that take the number of a pull request alone, and what they do.
_SIMPLE: Final = {
    "close": "remove an app with its data",
    "restart": "end an app's processes and start them again",
    "sleep": "end an app's processes until the next request",
    "wake": "start the processes of an app that sleeps or is down",
}


class _Commands:
    """The commands of a parser, which are added one by one."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(self, name: str, text: str, *, numbered: bool = True) -> argparse.ArgumentParser:
        """Add a command; return its own parser."""
        added = self._commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=f"{name}_command")
        if numbered:
            added.add_argument("number", type=number, help="number of the pull request")
        return added


def make_parser() -> argparse.ArgumentParser:
    """Return the parser; `options.command` is the name of a function in review_apps/commands.py."""
    parser = argparse.ArgumentParser(prog="review-app", description="A copy of a project for every pull request.")
    home = Path(os.environ.get("REVIEW_APPS_HOME") or _ROOT / "var" / "review_apps")
    parser.add_argument(
        "--home", type=Path, default=home, help="folder of all apps (default: $REVIEW_APPS_HOME or %(default)s)"
    )
    commands = _Commands(parser)
    opening = commands.add("open", "open an app")
    _add_repository(opening)
    opening.add_argument("--by", default="", help="who opens it (default: $GITHUB_ACTOR, or the user of this command)")
    opening.add_argument("--locked", action="store_true", help="confine it, as it comes from a fork; or refuse it")
    updating = commands.add("update", "deploy the newest commit of an app's branch")
    updating.add_argument("--branch", help="switch to another branch")
    updating.add_argument("--locked", action="store_true", help="fail unless the app is confined")
    for name, text in _SIMPLE.items():
        commands.add(name, text)
    _add_looking(commands)
    _add_changing(commands)
    _add_host(commands)
    return parser


def _add_repository(to: argparse.ArgumentParser) -> None:
    to.add_argument("--branch", required=True, help="a branch of the repository, else a tag or a commit")
    to.add_argument("--repository", type=Path, default=_ROOT, help="a clone of it (default: %(default)s)")


def _add_looking(commands: _Commands) -> None:
    listing = commands.add("list", "list all apps", numbered=False)
    listing.add_argument("--json", action="store_true", help="print JSON")
    showing = commands.add("show", "print an app, or the page of all apps, as JSON with its password", numbered=False)
    showing.add_argument("number", type=number, nargs="?", help="number of the pull request")
    logging = commands.add("logs", "print the last lines of the log of an app's processes")
    logging.add_argument("--lines", type=int, default=50, help="how many (default: %(default)s)")
    logging.add_argument("--follow", action="store_true", help="continue with new lines until Ctrl-C")


def _add_changing(commands: _Commands) -> None:
    running = commands.add("run", "run a command with the variables of an app")
    running.add_argument("argv", nargs="+", metavar="-- COMMAND", help="such as: run 12 -- flask --app app counts")
    configuring = commands.add("config", "print or set variables of an app, which beat those of app.json")
    configuring.add_argument("action", nargs="?", choices=("set", "unset"), help="and start the app with the new ones")
    configuring.add_argument("variables", nargs="*", metavar="NAME=VALUE", help="or NAME alone, for unset")
    expiring = commands.add("expire", "set when `reconcile` closes an app, in place of stale_days")
    expiring.add_argument("when", help="hours or days from now, such as 8h or 3d; or never, for stale_days")
    testing = commands.add("test", "run scripts.test of app.json on a branch, in an app of its own", numbered=False)
    _add_repository(testing)


def _add_host(commands: _Commands) -> None:
    reconciling = commands.add("reconcile", "close unneeded apps, start stopped ones", numbered=False)
    reconciling.add_argument(
        "open", nargs="*", type=number, help="numbers of open pull requests (default: read from standard input)"
    )
    reconciling.add_argument("--none-open", action="store_true", help="no pull request is open: close all apps")
    reconciling.add_argument("--dry-run", action="store_true", help="print the actions without taking them")
    commands.add("start", "start the host's servers, and the apps that ran before a reboot", numbered=False)
    completing = commands.add("completion", "print what completes commands and numbers in a shell", numbered=False)
    completing.add_argument("shell", choices=("bash", "zsh"))


def number(text: str) -> int:
    """Parse the number of a pull request."""
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not the number of a pull request")
    return int(text)
