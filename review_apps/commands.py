"""What each command does, named `<command>_command`; see review_apps/parser.py."""

import argparse
import getpass
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any, Final

from review_apps.description import describe
from review_apps.errors import ReviewAppError
from review_apps.host import Host
from review_apps.logfile import follow, last_lines
from review_apps.parser import number
from review_apps.reconcile import reconcile
from review_apps.router import USER
from review_apps.scratch import run_tests
from review_apps.shell_completion import script
from review_apps.state import App, name_of
from review_apps.times import iso
from review_apps.waiting import FAILURES

_NO_PULL_REQUEST: Final = "no open pull request was named: if there is none, pass --none-open"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNITS: Final = {"h": 3600, "d": 86_400}
_COLUMNS: Final = ("name", "state", "memory", "age", "updated", "url", "version")


def open_command(host: Host, options: argparse.Namespace) -> None:
    """Open an app."""
    began = time.monotonic()
    opened_by = options.by or os.environ.get("GITHUB_ACTOR") or getpass.getuser()
    app = host.open(options.number, options.branch, options.repository.resolve(), opened_by, locked=options.locked)
    _announce(host, app, time.monotonic() - began)


def update_command(host: Host, options: argparse.Namespace) -> None:
    """Deploy the newest commit."""
    began = time.monotonic()
    if options.locked and not host.existing(options.number).locked:
        raise ReviewAppError(f"{name_of(options.number)} is not locked: close it, and open it with --locked")
    _announce(host, host.update(options.number, options.branch), time.monotonic() - began)


def _announce(host: Host, app: App, seconds: float) -> None:
    print(f"{app.name}: {host.settings.url(app.name)} serves {app.commit[:12]} of {app.branch}, after {seconds:.1f} s")
    print(f"password: review-app show {app.number}", file=sys.stderr)


def close_command(host: Host, options: argparse.Namespace) -> None:
    """Remove an app."""
    existed = host.close(options.number)
    print(f"{name_of(options.number)} {'is closed' if existed else 'was not open'}")


def restart_command(host: Host, options: argparse.Namespace) -> None:
    """Restart the processes of an app."""
    print(f"{host.restart(options.number).name} is restarted")


def sleep_command(host: Host, options: argparse.Namespace) -> None:
    """Put an app to sleep."""
    host.sleep(options.number)
    print(f"{name_of(options.number)} sleeps until the next request")


def wake_command(host: Host, options: argparse.Namespace) -> None:
    """Start the processes of an app."""
    print(f"{name_of(options.number)} {'is started' if host.resume(options.number) else 'runs already'}")


def list_command(host: Host, options: argparse.Namespace) -> None:
    """Print all apps."""
    described = [describe(host, each) for each in host.store.numbers()]
    if options.json:
        print(json.dumps(described, indent=1))
        return
    rows = [_COLUMNS, *map(_row, described)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, app in zip(rows, [{}, *described], strict=True):
        line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        print(line + ("  its last update failed" if app.get("failure") else ""))


def _row(app: dict[str, Any]) -> tuple[str, ...]:
    version = f"{app.get('branch', '')} {app.get('commit', '')[:12]}".strip()
    ages = (app.get("age", ""), app.get("updated_ago", ""))
    return (app["name"], app["state"], f"{app['memory_mb']} MB", *ages, app["url"], version)


def show_command(host: Host, options: argparse.Namespace) -> None:
    """Print an app, or the page of all apps, with its password."""
    if options.number is None:
        print(json.dumps({"url": host.settings.host_url, "user": USER, "password": host.servers.password}, indent=1))
        return
    app = host.store.load(options.number)
    if app is None:
        raise ReviewAppError(f"{name_of(options.number)} is not open")
    print(json.dumps({**describe(host, app.number), "user": USER, "password": app.password}, indent=1))


def logs_command(host: Host, options: argparse.Namespace) -> None:
    """Print the end of an app's log, or of one that could not be opened."""
    path = host.log_of(options.number)
    if options.number not in host.store.numbers():
        path = host.failures.log_of(options.number)
        if not path.exists():
            raise ReviewAppError(f"{name_of(options.number)} is not open")
        print(f"{name_of(options.number)} could not be opened:", file=sys.stderr)
    print("\n".join(last_lines(path, options.lines)), flush=True)
    if options.follow:
        for line in follow(path):
            print(line, flush=True)


def run_command(host: Host, options: argparse.Namespace) -> None:
    """Become a command with the variables and in the folder of an app."""
    app = host.existing(options.number)
    host.resume(app.number)
    if app.locked:
        raise ReviewAppError(f"{app.name} is locked: its code gets no terminal of this host")
    environment = {**host.environment(app), "DYNO": "run.1"}
    environment |= {name: os.environ[name] for name in ("TERM", "COLUMNS", "LINES") if name in os.environ}
    os.chdir(host.running.version(app.number, app.release).source)
    try:
        os.execvpe(options.argv[0], options.argv, environment)  # noqa: S606 - the command is the operator's
    except OSError as error:
        raise ReviewAppError(f"{options.argv[0]}: {error.strerror}") from None


def config_command(host: Host, options: argparse.Namespace) -> None:
    """Print, set or unset the variables of one app."""
    app = host.existing(options.number)
    variables = dict(app.variables)
    for each in options.variables:
        name, equals, value = each.partition("=")
        if not _NAME.fullmatch(name) or bool(equals) != (options.action == "set"):
            raise ReviewAppError(f"{each!r} is not NAME{'=VALUE' if options.action == 'set' else ''}")
        if options.action == "set":
            variables[name] = value
        else:
            variables.pop(name, None)
    if variables != app.variables:
        # A version of its own, so that a value with which it does not start leaves the old one serving.
        host.change(app.number, variables=variables)
        try:
            host.update(app.number, again=True)
        except BaseException:
            host.change(app.number, variables=app.variables)
            raise
    for name, value in sorted(variables.items()):
        print(f"{name}={value}")


def expire_command(host: Host, options: argparse.Namespace) -> None:
    """Set when an app is closed."""
    match = re.fullmatch(r"(\d{1,5})([hd])", options.when)
    if match is None and options.when != "never":
        raise ReviewAppError(f"{options.when!r} is neither hours or days, such as 8h or 3d, nor never")
    expires = time.time() + int(match[1]) * _UNITS[match[2]] if match else 0.0
    app = host.change(options.number, expires=expires)
    when = iso(expires) if expires else f"it was not updated for {host.settings.stale_days} days"
    print(f"{app.name} is closed when `reconcile` runs after {when}")


def test_command(host: Host, options: argparse.Namespace) -> int:
    """Run the tests of a branch; return their exit status."""
    return run_tests(host, options.branch, options.repository.resolve())


def reconcile_command(host: Host, options: argparse.Namespace) -> None:
    """Close and start apps to match the open pull requests."""
    numbers = set(options.open)
    if not numbers and not options.none_open:
        numbers = {number(text) for text in sys.stdin.read().split()}
        if not numbers:
            # A list that could not be fetched is empty as well.
            raise ReviewAppError(_NO_PULL_REQUEST)
    for action in reconcile(host, numbers, dry_run=options.dry_run):
        print(action, flush=True)


def start_command(host: Host, options: argparse.Namespace) -> None:  # noqa: ARG001 - the signature of all commands
    """Start what ran before a reboot. An app that does not start stops no other; the keeper tries it again.

    It is no failure of the command either: systemd would end all that a failed unit has started.
    """
    host.servers.ensure()
    for app in host.store.all():
        try:
            if app.release and not app.asleep and host.resume(app.number):
                print(f"{app.name} is started", flush=True)
        except FAILURES as error:
            print(f"{app.name} does not start: {error}", file=sys.stderr, flush=True)


def completion_command(host: Host, options: argparse.Namespace) -> None:
    """Print a script for the shell."""
    print(script(options.shell, Path(host.settings.home)), end="")
