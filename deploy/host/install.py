"""`install`: everything from a bare Debian to a running service. Each step changes only what differs."""

from pathlib import Path

from deploy.host import database, proxy, releases, system
from deploy.host.environments import make_secrets, redis_passwords, write_environments
from deploy.host.host import Host, report
from deploy.host.plan import ETC
from deploy.host.releases import current
from deploy.host.settings import HostSettings
from deploy.host.switch import switch
from deploy.host.units import start_timers, write_units


def prepare(host: Host, settings: HostSettings) -> None:
    """Install packages, users and folders: what a release needs before it is built."""
    report("packages")
    system.install_packages(host, settings)
    report("users and folders")
    system.create_users(host, settings)
    system.make_folders(host, settings)


def configure(host: Host, settings: HostSettings, release: Path) -> None:
    """Write every file of the host, as the release that this module belongs to needs them."""
    report("secrets and environments")
    make_secrets(host, settings, release)
    write_environments(host, settings, release)
    report("PostgreSQL and Redis")
    database.configure_postgresql(host, settings)
    database.create_databases(host, settings)
    report("units, nginx, firewall, journal, updates, alarms, backups")
    system.install_command(host)
    system.configure_alarms(host, settings)
    system.configure_backups(host, settings)
    proxy.write_proxy(host, settings)
    write_units(host, settings)
    system.configure_redis(host, settings, redis_passwords(host, settings))
    system.configure_system(host, settings)


def install(host: Host, settings: HostSettings, version: str) -> None:
    """Install a version if none serves yet; otherwise only correct what differs from the settings."""
    prepare(host, settings)
    release = current(host)
    if release is None:
        commit = releases.fetch(host, settings, version) if host.is_real else "0" * 40
        release = (
            releases.build(host, commit, version) if host.is_real else Path("/srv/exposure-alert/releases/dry-run")
        )
    configure(host, settings, release)
    if host.is_real and current(host) is None:
        switch(host, settings, release)
    elif host.is_real:
        database.grant_rights(host, settings)
        proxy.use_certificate(host, settings)
        proxy.reload_proxy(host)
    start_timers(host)
    proxy.install_certificates(host, settings)
    if any(_needs_restart(path) for path in host.changed) and "serves" not in str(host.changed):
        report("to use what changed: exposure-alert restart")


def _needs_restart(path: str) -> bool:
    """Return whether processes that run have read a file before it changed."""
    return path.startswith((f"{ETC}/processes/", f"{ETC}/secrets/", "/etc/systemd/system/exposure-alert-w"))
