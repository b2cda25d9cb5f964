"""The command line: `review-app open|update|close|list|show|logs|reconcile`."""

import argparse
import json
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any

import psycopg2

from processes.errors import ProcessError
from review_apps.errors import ReviewAppError
from review_apps.host import Host
from review_apps.limits import memory_of
from review_apps.logfile import last_lines
from review_apps.reconcile import reconcile
from review_apps.router import USER
from review_apps.settings import Settings
from review_apps.state import App, name_of

_ROOT = Path(__file__).resolve().parent.parent
_NO_PULL_REQUEST = "no open pull request was named: if there is none, pass --none-open"


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return the exit status."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a stopped command cleans up
    try:
        home = options.home.resolve()
        host = Host(Settings.read(home), lambda line: print(line, file=sys.stderr))
        with host.store.locked():
            return int(options.command(host, options) or 0)
    except (ReviewAppError, ProcessError) as error:
        print(error, file=sys.stderr)
    except psycopg2.Error as error:
        print(f"PostgreSQL: {error}".strip(), file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="review-app", description="A copy of the service for every pull request.")
    home = Path(os.environ.get("REVIEW_APPS_HOME") or _ROOT / "var" / "review_apps")
    parser.add_argument(
        "--home", type=Path, default=home, help="folder of all apps (default: $REVIEW_APPS_HOME or %(default)s)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Any, text: str, *, numbered: bool = True) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=command)
        if numbered:
            added.add_argument("number", type=_number, help="number of the pull request")
        return added

    opening = add("open", _open, "open an app")
    opening.add_argument("--branch", required=True, help="a branch, tag or commit of the repository")
    opening.add_argument("--repository", type=Path, default=_ROOT, help="a clone of it (default: %(default)s)")
    updating = add("update", _update, "deploy the newest commit of an app's branch")
    updating.add_argument("--branch", help="switch to another branch")
    add("close", _close, "remove an app with its data")
    listing = add("list", _list, "list all apps", numbered=False)
    listing.add_argument("--json", action="store_true", help="print JSON")
    add("show", _show, "print an app as JSON, with its password")
    logging = add("logs", _logs, "print the last lines of the log of an app's processes")
    logging.add_argument("--lines", type=int, default=50)
    reconciling = add(
        "reconcile",
        _reconcile,
        "close unneeded apps, start stopped ones",
        numbered=False,
    )
    reconciling.add_argument(
        "open", nargs="*", type=_number, help="numbers of open pull requests (default: read from standard input)"
    )
    reconciling.add_argument("--none-open", action="store_true", help="no pull request is open: close all apps")
    reconciling.add_argument("--dry-run", action="store_true", help="print the actions without taking them")
    return parser


def _number(text: str) -> int:
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not the number of a pull request")
    return int(text)


def _open(host: Host, options: argparse.Namespace) -> None:
    began = time.monotonic()
    app = host.open(options.number, options.branch, options.repository.resolve())
    _announce(host, app, time.monotonic() - began)


def _update(host: Host, options: argparse.Namespace) -> None:
    began = time.monotonic()
    _announce(host, host.update(options.number, options.branch), time.monotonic() - began)


def _announce(host: Host, app: App, seconds: float) -> None:
    print(f"{app.name}: {host.settings.url(app.name)} serves {app.commit[:12]} of {app.branch}, after {seconds:.1f} s")
    print(f"password: review-app show {app.number}", file=sys.stderr)


def _close(host: Host, options: argparse.Namespace) -> None:
    existed = host.close(options.number)
    print(f"{name_of(options.number)} {'is closed' if existed else 'was not open'}")


def _list(host: Host, options: argparse.Namespace) -> None:
    described = [_describe(host, app) for app in host.store.all()]
    if options.json:
        print(json.dumps(described, indent=1))
        return
    for app in described:
        state = "running" if app["running"] else "down"
        failure = "  its last update failed" if app["failure"] else ""
        print(
            f"{app['name']}  {state}  {app['memory_mb']} MB  {app['url']}  "
            f"{app['branch']} {app['commit'][:12]}{failure}"
        )


def _show(host: Host, options: argparse.Namespace) -> None:
    app = host.store.load(options.number)
    if app is None:
        raise ReviewAppError(f"{name_of(options.number)} is not open")
    print(json.dumps({**_describe(host, app), "user": USER, "password": app.password}, indent=1))


def _describe(host: Host, app: App) -> dict[str, Any]:
    return {
        "number": app.number,
        "name": app.name,
        "url": host.settings.url(app.name),
        "branch": app.branch,
        "commit": app.commit,
        "running": host.is_running(app),
        "memory_mb": sum(map(memory_of, host.processes(app))) >> 20,
        "updated": app.updated,
        "failure": app.failure,
    }


def _logs(host: Host, options: argparse.Namespace) -> None:
    print("\n".join(last_lines(host.log_of(options.number), options.lines)))


def _reconcile(host: Host, options: argparse.Namespace) -> None:
    numbers = set(options.open)
    if not numbers and not options.none_open:
        numbers = {_number(text) for text in sys.stdin.read().split()}
        if not numbers:
            # A list that could not be fetched is empty as well.
            raise ReviewAppError(_NO_PULL_REQUEST)
    for action in reconcile(host, numbers, dry_run=options.dry_run):
        print(action, flush=True)


if __name__ == "__main__":
    sys.exit(main())
