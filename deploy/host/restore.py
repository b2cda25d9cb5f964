"""`exposure-alert restore FILE`: puts a backup in the place of the database. The database before it is kept aside."""

import os
from datetime import UTC, datetime
from pathlib import Path

from deploy.host import proxy
from deploy.host.database import create_database, databases, grant_rights, psql
from deploy.host.environments import environment_of
from deploy.host.errors import HostError
from deploy.host.host import Host, report
from deploy.host.plan import BACKUPS, DATABASE, OWNER_USER, RELEASES, web_unit, worker_units
from deploy.host.rehearsal import decrypt
from deploy.host.settings import HostSettings
from deploy.host.switch import restart_workers, wait_until_ready
from deploy.host.system import IDENTITY

_FILES = ("service.env", "secrets/submission.env", "processes/owner.env")


def restore(host: Host, settings: HostSettings, backup: Path) -> None:
    """Restore a backup of this host, encrypted or not. If it fails, the database before it serves again."""
    if not backup.is_file():
        raise HostError(f"{backup}: no such file")
    slot = proxy.active_slot(host)
    web = [web_unit(surface, slot) for surface in settings.surfaces]
    aside = f"{DATABASE}_{datetime.now(UTC):%Y%m%d%H%M%S}"
    dump = host.path(f"{BACKUPS}/.restore-{os.getpid()}.dump")
    try:
        _prepare(host, backup, dump)
        report("stopping web, worker and clock")
        try:
            host.run("systemctl", "stop", *web, *worker_units(settings))
            _replace(host, dump, aside)
            grant_rights(host, settings)
        except BaseException:  # Ctrl-C too
            report("the restore failed: the database before it serves again")
            if aside in databases(host):
                psql(host, f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", "postgres")
                psql(host, f"ALTER DATABASE {aside} RENAME TO {DATABASE}", "postgres")
            raise
        finally:
            host.run("systemctl", "start", *web)
            restart_workers(host, settings)
    finally:
        dump.unlink(missing_ok=True)
    report(f"restored. The database before it is {aside}: delete it when it is not needed, within 7 days:")
    report(f"  runuser -u postgres -- dropdb {aside}")
    wait_until_ready(settings, slot)


def _prepare(host: Host, backup: Path, dump: Path) -> None:
    """Decrypt a backup, for the owner of the database alone."""
    dump.touch(0o600)
    if backup.suffix == ".age":
        decrypt(backup, host.path(IDENTITY), dump)
    else:
        dump.write_bytes(backup.read_bytes())
    host.run("chown", OWNER_USER, str(dump))


def _replace(host: Host, dump: Path, aside: str) -> None:
    psql(host, f"ALTER DATABASE {DATABASE} RENAME TO {aside}", "postgres")
    create_database(host, DATABASE)
    current = host.path(f"{RELEASES}/current")
    report(f"restoring {dump.stat().st_size} bytes")
    environment = owner_environment(host)
    environment["PATH"] = f"{current}/.venv/bin:/usr/sbin:/usr/bin:/bin"
    output = host.run(str(current / "bin" / "restore"), str(dump), user=OWNER_USER, environment=environment)
    report(output.rstrip())


def owner_environment(host: Host) -> dict[str, str]:
    """Return the environment of a process of the database's owner, as systemd would make it from its files."""
    return environment_of(host, *_FILES)
