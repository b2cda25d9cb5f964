"""systemd's units: rendered from templates, and enabled."""

from deploy.host.host import Host
from deploy.host.plan import (
    BACKUPS,
    CLOCK_USER,
    DOWNLOADS,
    ETC,
    OWNER_USER,
    PROXY_USER,
    REDIS_USER,
    RELEASES,
    STATUS_FOLDER,
    TARGET,
    Process,
    processes,
    web_concurrency,
    worker_units,
)
from deploy.host.settings import HostSettings
from deploy.host.templates import TEMPLATES, render

FOLDER = "/etc/systemd/system"
_TEMPLATES = TEMPLATES / "systemd"
_MEGABYTES_OF_A_WORKER = 512

# The template, the Unix user, and which addresses it may reach.
_SINGLE = {
    "clock": (CLOCK_USER, "no-network"),
    "migrate@": (OWNER_USER, "no-network"),
    "redis": (REDIS_USER, "no-network"),
    "proxy": (PROXY_USER, "network"),
    "backup": (OWNER_USER, "no-network"),
    "rehearsal": (OWNER_USER, "no-network"),
    "watch": ("", "loopback"),
    "alarm@": ("", "network"),
}
TIMERS = ("backup", "rehearsal", "watch")


def unit_texts(settings: HostSettings) -> dict[str, str]:
    """Return the text of each unit by its file name."""
    units = {TARGET: render(_TEMPLATES / TARGET, {})}
    for name, (user, network) in _SINGLE.items():
        more: dict[str, str] = {}
        if name == "clock":
            network, more = _clock(settings)
        units[f"exposure-alert-{name}.service"] = _render(f"{name}.service", user, network, **more)
    for name in TIMERS:
        units[f"exposure-alert-{name}.timer"] = render(_TEMPLATES / f"{name}.timer", {})
    for process in processes(settings):
        template = "web@.service" if process.kind == "web" else "worker.service"
        suffix = "@" if process.kind == "web" else ""
        memory = (web_concurrency(settings, process.surface) + 1) * _MEGABYTES_OF_A_WORKER
        units[f"exposure-alert-{process.name}{suffix}.service"] = _render(
            template,
            process.user,
            _network(settings, process),
            SURFACE=process.surface,
            MEMORY=f"{memory}M",
            WRITES=_writes(settings, process),
        )
    return units


def _clock(settings: HostSettings) -> tuple[str, dict[str, str]]:
    """Return what the clock may reach, and its groups and folder: with status, its monitor sends notices."""
    if "status" not in settings.surfaces:
        return "no-network", {"GROUPS": REDIS_USER, "SECRETS": f"{ETC}/secrets/status.env", "WRITES": ""}
    groups, writes = f"{REDIS_USER} {Process('worker', 'status').user}", f"ReadWritePaths={STATUS_FOLDER}"
    network = "network" if _sends_notices(settings) else "no-network"
    return network, {"GROUPS": groups, "SECRETS": f"{ETC}/secrets/status.env", "WRITES": writes}


def _writes(settings: HostSettings, process: Process) -> str:
    """Return the lines about the folder that a worker may write, for readers of other users."""
    if process.name == "worker-status":
        return f"ReadWritePaths={STATUS_FOLDER}"
    if process.name == "worker-retrieval" and settings.has_download_files:
        return f"ReadWritePaths={DOWNLOADS}\nUMask=0022"
    return ""


def _sends_notices(settings: HostSettings) -> bool:
    return bool(settings.notice_webhook_url or settings.notice_heartbeat_url) or settings.sends_mail_of_status


def _network(settings: HostSettings, process: Process) -> str:
    """Return what a process may reach: PostgreSQL and Redis are sockets of the host."""
    if process.kind == "web":
        return "loopback"
    sends = process.surface == "portal" or (process.surface == "status" and _sends_notices(settings))
    return "network" if sends else "no-network"


def _render(template: str, user: str, network: str, **values: str) -> str:
    hardening = render(_TEMPLATES / "hardening.conf", {}).rstrip()
    places = {"ETC": ETC, "RELEASES": RELEASES, "BACKUPS": BACKUPS, "REDIS_USER": REDIS_USER, "USER": user}
    allowed = render(_TEMPLATES / f"{network}.conf", {}).rstrip()
    return render(_TEMPLATES / template, places | values | {"HARDENING": hardening, "NETWORK": allowed})


def write_units(host: Host, settings: HostSettings) -> None:
    """Write the units, delete those of surfaces that are no longer served, and enable what always runs."""
    texts = unit_texts(settings)
    for name, text in texts.items():
        host.write(f"{FOLDER}/{name}", text)
    for file in sorted(host.path(FOLDER).glob("exposure-alert-*")):
        if file.is_file() and not file.is_symlink() and file.name not in texts:
            # Not `disable --now`: before version 256, it refuses a template.
            host.run("systemctl", "stop", file.name.replace("@.", "@*."))
            host.run("systemctl", "disable", "--quiet", file.name)
            host.remove(f"{FOLDER}/{file.name}")
    host.apply("units", [f"{FOLDER}/{name}" for name in texts], ("systemctl", "daemon-reload"))
    always = [TARGET, *(f"exposure-alert-{name}.timer" for name in TIMERS)]
    enable(host, *always, "exposure-alert-redis.service", "exposure-alert-proxy.service", *worker_units(settings))


def start_timers(host: Host) -> None:
    """Start the timers that do not run: one that is only enabled begins at the next boot."""
    names = [f"exposure-alert-{name}.timer" for name in TIMERS]
    missing = [name for name in names if not host.succeeds("systemctl", "is-active", "--quiet", name)]
    if missing:
        host.run("systemctl", "start", *missing)
        host.note(f"started {' '.join(missing)}")


def enable(host: Host, *units: str) -> None:
    """Let units start with the host."""
    missing = [unit for unit in units if not host.succeeds("systemctl", "is-enabled", "--quiet", unit)]
    if missing:
        host.run("systemctl", "enable", "--quiet", *missing)
        host.note(f"enabled {' '.join(missing)}")
