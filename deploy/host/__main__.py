"""The operator's command: `exposure-alert COMMAND`, or `deploy/host/install` before there is one (docs/host.md)."""

import argparse
import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.host import doctor, releases
from deploy.host.environments import environment_of
from deploy.host.errors import HostError
from deploy.host.host import Host, report, require_root
from deploy.host.install import configure, install, prepare
from deploy.host.plan import OWNER_USER, RELEASES, processes
from deploy.host.releases import current, run_release
from deploy.host.restore import owner_environment, restore
from deploy.host.settings import FILE, HostSettings, read_settings
from deploy.host.switch import switch
from deploy.host.system import delete_unused
from deploy.host.units import start_timers

_LOCK = "/run/lock/exposure-alert"
_PASSED_ON = ("IMPORT_SOURCE",)  # to an operator's command, as it contains a password (docs/moving.md)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return the exit status."""
    options = _parser().parse_args(arguments)
    # Users of the service read releases and folders that are made here. Files with secrets get modes of their own.
    os.umask(0o022)
    host = Host(options.root)
    if host.is_real:
        require_root()
    try:
        settings = read_settings(host.path(FILE) if options.settings is None else options.settings)
        return int(options.run(host, settings, options) or 0)
    except HostError as error:
        print(f"exposure-alert: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("exposure-alert: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="exposure-alert", description=__doc__)
    parser.add_argument("--settings", type=_path, help=f"the settings of the host; default: {FILE}")
    parser.add_argument(
        "--root", type=_path, default=Path("/"), help="write files below a folder, and only print commands"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=about)
        made.set_defaults(run=run)
        return made

    command("install", _install, "install the service; or correct what differs from the settings").add_argument(
        "version", nargs="?", default="main", help="tag, branch or commit of the first release"
    )
    command("upgrade", _upgrade, "let another version serve, without an interruption").add_argument("version")
    command("rollback", _rollback, "let the previous release serve again").add_argument(
        "--if-serves", metavar="VERSION", help="do nothing unless this version serves, as after an upgrade that failed"
    )
    command("restart", _restart, "let new processes serve, with changed settings and secrets")
    command("restore", _restore, "put a backup in the place of the database").add_argument("file", type=_path)
    command("status", _status, "print which version serves")
    command("doctor", _doctor, "check that everything runs; end with status 1 if it does not")
    flask = command("flask", _flask, "run an operator's command as a process of the service, or as `owner`")
    flask.add_argument("process", help="such as worker-submission")
    flask.add_argument("arguments", nargs=argparse.REMAINDER)
    command("switch", _switch, argparse.SUPPRESS).add_argument("mode", choices=("upgrade", "rollback"))
    return parser


def _path(text: str) -> Path:
    """Return a path that was given in the folder from which the command was called."""
    return Path(os.environ.get("EXPOSURE_ALERT_FOLDER", ""), text)


@contextmanager
def _locked() -> Iterator[None]:
    """Refuse to run twice at the same time. Commands of a release that this one starts inherit the lock.

    A lost connection does not stop what changes the host, and SIGTERM stops it as Ctrl-C does: everything is put back.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if os.environ.get("EXPOSURE_ALERT_LOCKED"):
        yield
        return
    with Path(_LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HostError("another exposure-alert command runs") from None
        os.environ["EXPOSURE_ALERT_LOCKED"] = "1"
        try:
            yield
        finally:
            del os.environ["EXPOSURE_ALERT_LOCKED"]


def _install(host: Host, settings: HostSettings, options: argparse.Namespace) -> None:
    if not host.is_real:
        install(host, settings, options.version)
        return
    with _locked():
        install(host, settings, options.version)
    report(f"changed: {len(host.changed)}" if host.changed else "nothing changed")
    for line in host.changed:
        report(f"  {line}")


def _upgrade(host: Host, settings: HostSettings, options: argparse.Namespace) -> int:
    with _locked():
        commit = releases.fetch(host, settings, options.version)
        folder = releases.build(host, commit, options.version)
        return _let_serve(host, folder, "upgrade")


def _rollback(host: Host, _settings: HostSettings, options: argparse.Namespace) -> int:
    with _locked():
        if options.if_serves and not releases.serves(host, options.if_serves):
            report(f"{options.if_serves} does not serve: nothing to roll back")
            return 0
        folder = current(host, "previous")
        if folder is None:
            raise HostError("there is no previous release")
        return _let_serve(host, folder, "rollback")


def _let_serve(host: Host, folder: Path, mode: str) -> int:
    """Let a release's own code switch to it; after a failure, put the files of the old release back."""
    old = current(host)
    status = run_release(folder, "switch", mode)
    if status != 0 and old is not None and old != folder:
        report(f"{folder.name} failed: putting the files of {old.name} back")
        run_release(old, "install")
    if status == 0:
        for name in releases.delete_old(host):
            report(f"deleted {name}")
    return status


def _switch(host: Host, settings: HostSettings, options: argparse.Namespace) -> None:
    release = Path.cwd()
    prepare(host, settings)  # a release, or a surface that was added, may need other packages, users and folders
    configure(host, settings, release)
    switch(host, settings, release, migrate=options.mode == "upgrade")
    start_timers(host)
    delete_unused(host, settings)


def _restart(host: Host, _settings: HostSettings, _options: argparse.Namespace) -> int:
    folder = current(host)
    if folder is None:
        raise HostError("nothing is installed")
    with _locked():
        return run_release(folder, "switch", "upgrade")


def _restore(host: Host, settings: HostSettings, options: argparse.Namespace) -> None:
    with _locked():
        restore(host, settings, options.file)


def _status(host: Host, settings: HostSettings, _: argparse.Namespace) -> None:
    for line in doctor.status(host, settings):
        report(line)


def _doctor(host: Host, settings: HostSettings, _: argparse.Namespace) -> int:
    found = list(doctor.findings(host, settings))
    for subject, wrong in found:
        report(f"{'WRONG' if wrong else 'right'}\t{subject}\t{wrong}".rstrip())
    return int(any(wrong for _, wrong in found))


def _flask(host: Host, settings: HostSettings, options: argparse.Namespace) -> None:
    """Become `flask`, as the user and with the settings of a process."""
    users = {process.name: process for process in processes(settings)}
    if options.process == "owner":
        environment, user = owner_environment(host), OWNER_USER
    elif options.process in users:
        process = users[options.process]
        user = process.user
        files = ("service.env", f"secrets/{process.surface}.env", f"processes/{process.name}.env")
        environment = environment_of(host, *files)
    else:
        raise HostError(f"{options.process}: not one of owner, {', '.join(users)}")
    release = host.path(f"{RELEASES}/current")
    environment |= {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    os.chdir(release)
    environment |= {"PATH": f"{release}/.venv/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"}
    command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--groups=ea-redis", "--no-new-privs"]
    command += [str(release / ".venv/bin/flask"), "--app", "app", *options.arguments]
    os.execvpe("/usr/bin/setpriv", command, environment)  # noqa: S606 - it becomes the command


if __name__ == "__main__":
    sys.exit(main())
