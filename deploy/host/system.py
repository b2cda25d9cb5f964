"""The rest of the host: packages, users, firewall, journal, updates, alarms, the key of backups."""

import pwd
import re
import shutil

from deploy.host.errors import HostError
from deploy.host.host import ROOT_ONLY, Host
from deploy.host.plan import (
    BACKUPS,
    DOWNLOADS,
    ETC,
    OWNER_USER,
    REDIS_SOCKET,
    REDIS_USER,
    RELEASES,
    STATE,
    STATUS_FOLDER,
    Process,
    users,
)
from deploy.host.proxy import ACME
from deploy.host.redis_acl import acl
from deploy.host.settings import HostSettings
from deploy.host.templates import TEMPLATES, render

# certbot only gets certificates, and is installed with TLS=acme.
PACKAGES = (
    *("age", "ca-certificates", "git", "iproute2", "needrestart", "nftables", "nginx-light", "openssl", "postgresql"),
    *("python3", "python3-venv", "redis-server", "systemd-timesyncd", "unattended-upgrades"),
)
# These set the clock too, on images of clouds from the provider's servers: Debian would remove them for timesyncd.
_OTHER_CLOCKS = ("chrony", "ntpsec", "openntpd")
IDENTITY = f"{ETC}/secrets/backup-key"
RECIPIENTS = f"{ETC}/backup-recipients"
REDIS_UNIT = "exposure-alert-redis.service"
_COMMAND = "/usr/local/sbin/exposure-alert"


def install_packages(host: Host, settings: HostSettings) -> None:
    """Install what is missing, from Debian alone. Debian's own nginx and Redis are stopped: ours have other units."""
    wanted = [*PACKAGES, *(["certbot"] if settings.tls == "acme" else [])]
    if any(_is_installed(host, name) for name in _OTHER_CLOCKS):
        wanted.remove("systemd-timesyncd")
    missing = [name for name in wanted if not _is_installed(host, name)]
    if missing:
        environment = {"DEBIAN_FRONTEND": "noninteractive"}
        host.run("apt-get", "update", "-qq", environment=environment)
        install = ("apt-get", "install", "--yes", "-qq", "--no-install-recommends")
        host.run(*install, *missing, environment=environment)
        host.note(f"packages {' '.join(missing)}")
    for unit in ("nginx.service", "redis-server.service"):
        if host.succeeds("systemctl", "is-enabled", "--quiet", unit):
            host.run("systemctl", "disable", "--now", "--quiet", unit)
            host.note(f"disabled {unit}")


def _is_installed(host: Host, package: str) -> bool:
    if not host.is_real:
        return False
    return "install ok installed" in host.run("sh", "-c", f"dpkg-query -W -f '${{Status}}' {package} || true")


def create_users(host: Host, settings: HostSettings) -> None:
    """Create the missing system users, which cannot sign in, each with a group of its own."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    for user in users(settings):
        if user not in known:
            host.run("useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", user)
            host.note(f"user {user}")


def make_folders(host: Host, settings: HostSettings) -> None:
    """Make the folders of the service. Only root reads secrets; only the owner of the database reads backups."""
    for path in (ETC, f"{ETC}/redis", f"{ETC}/postgresql", RELEASES, f"{RELEASES}/releases", STATE, ACME):
        host.make_folder(path)
    for path in (f"{ETC}/secrets", f"{ETC}/processes"):
        host.make_folder(path, 0o700)
    host.make_folder(BACKUPS, 0o700, OWNER_USER)
    if settings.has_download_files:
        host.make_folder(DOWNLOADS, 0o755, Process("worker", "retrieval").user)
    if "status" in settings.surfaces:
        # The clock is in the group: its monitor keeps there what it cannot store elsewhere.
        host.make_folder(STATUS_FOLDER, 0o775, Process("worker", "status").user)


def delete_unused(host: Host, settings: HostSettings) -> None:
    """Delete archives that no worker stores any more, nor deletes when they are too old."""
    folder = host.path(DOWNLOADS)
    if folder.exists() and not settings.has_download_files:
        shutil.rmtree(folder)
        host.note(f"deleted {DOWNLOADS}")


def configure_redis(host: Host, settings: HostSettings, passwords: dict[str, str]) -> None:
    """Write Redis' configuration and users; restart it if something changed, which loses nothing that matters."""
    files, restart = [f"{ETC}/redis/redis.conf", f"{ETC}/redis/users.acl"], ("systemctl", "restart", REDIS_UNIT)
    host.write(files[0], render(TEMPLATES / "redis.conf", {"ETC": ETC, "SOCKET": REDIS_SOCKET}))
    host.write(files[1], acl(settings, passwords), 0o640, REDIS_USER)
    if not host.apply("redis", files, restart) and not host.succeeds("systemctl", "is-active", "--quiet", REDIS_UNIT):
        host.run(*restart)


def configure_system(host: Host, settings: HostSettings) -> None:
    """Write what concerns the whole host: the firewall, the journal's limits and updates."""
    _configure_firewall(host, settings)
    journal = "/etc/systemd/journald.conf.d/exposure-alert.conf"
    host.write(journal, render(TEMPLATES / "journald.conf", {}))
    host.apply("journal", [journal], ("systemctl", "restart", "systemd-journald.service"))
    updates = render(TEMPLATES / "apt.conf", {"REBOOT_AT": settings.reboot_at})
    host.write("/etc/apt/apt.conf.d/52exposure-alert", updates)
    # After an update, processes that still run the old program or library are restarted.
    host.write("/etc/needrestart/conf.d/exposure-alert.conf", "$nrconf{restart} = 'a';\n")


def _configure_firewall(host: Host, settings: HostSettings) -> None:
    firewall, unit = f"{ETC}/nftables.conf", "/etc/systemd/system/nftables.service.d/exposure-alert.conf"
    rules = render(TEMPLATES / "nftables.conf", {"SSH_PORT": settings.ssh_port})
    if not host.path(firewall).exists() or host.path(firewall).read_text() != rules:
        _refuse_to_lock_out(host, settings.ssh_port)
    host.write(firewall, rules)
    start = f"[Service]\nExecStart=\nExecStart=/usr/sbin/nft -f {firewall}\nExecReload=\n"
    host.write(unit, f"{start}ExecReload=/usr/sbin/nft -f {firewall}\nExecStop=\n")
    host.apply(
        "firewall",
        [firewall, unit],
        ("nft", "--check", "--file", firewall),
        ("systemctl", "daemon-reload"),
        ("systemctl", "enable", "--quiet", "nftables.service"),
        ("systemctl", "restart", "nftables.service"),
    )


def _refuse_to_lock_out(host: Host, ssh_port: str) -> None:
    """Raise HostError if sshd listens at other ports than the one that the firewall would leave open."""
    sockets = host.run("ss", "--listening", "--tcp", "--numeric", "--processes", "--no-header")
    ports = sorted(set(re.findall(r':([0-9]+)\s+\S+\s+users:\(\("sshd"', sockets)))
    if ports and ssh_port not in ports:
        raise HostError(f"SSH_PORT: sshd listens at {', '.join(ports)}: the firewall would lock you out")


def configure_alarms(host: Host, settings: HostSettings) -> None:
    """Write where alarms go. It may contain a password."""
    lines = {
        "ALARM_WEBHOOK": settings.alarm_webhook,
        "ALARM_EMAIL": settings.alarm_email,
        "ALARM_MAIL_URL": settings.alarm_mail_url,
        "ALARM_HOST": settings.name_of("submission"),
    }
    host.write(f"{ETC}/secrets/alarms.env", "".join(f"{name}={value}\n" for name, value in lines.items()), ROOT_ONLY)


def configure_backups(host: Host, settings: HostSettings) -> None:
    """Make the key that opens backups on this host, once, and write for whom they are encrypted."""
    if host.is_real and not host.path(IDENTITY).exists():
        host.write(IDENTITY, host.run("age-keygen"), ROOT_ONLY)
    public = host.run("age-keygen", "-y", IDENTITY).strip() if host.is_real else "age1-made-on-the-host"
    host.write(RECIPIENTS, "\n".join(filter(None, [public, settings.backup_recipient])) + "\n")


def install_command(host: Host) -> None:
    """Make the operator's command, which always is that of the current release."""
    folder = 'export EXPOSURE_ALERT_FOLDER="$PWD"'  # to which the names of files among the arguments are relative
    text = f'#!/bin/sh\n{folder}\ncd {RELEASES}/current && exec /usr/bin/python3 -m deploy.host "$@"\n'
    host.write(_COMMAND, text, 0o755)
