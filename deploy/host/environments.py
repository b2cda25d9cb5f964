"""The environment of each process, and the secrets, which are generated on the host and stay there."""

import secrets
from pathlib import Path
from typing import Final
from urllib.parse import quote

from deploy.host.host import ROOT_ONLY, Host
from deploy.host.plan import (
    DATABASE,
    DOWNLOADS,
    ETC,
    OWNER_ROLE,
    REDIS_SOCKET,
    REHEARSAL_DATABASE,
    SLOTS,
    STATUS_FOLDER,
    Process,
    clock_role,
    port,
    processes,
    web_concurrency,
)
from deploy.host.redis_acl import CLOCK
from deploy.host.service_settings import METRICS_SECRET, NOTES_LABEL, NOTICE_KEY, SECRETS, TOKENS
from deploy.host.settings import ALL_SURFACES, HostSettings

POSTGRES_SOCKET: Final = "/run/postgresql"


def make_secrets(host: Host, settings: HostSettings, release: Path) -> None:
    """Generate the secrets that do not exist yet, with the release's own command. No secret is ever replaced."""
    for surface in settings.surfaces:
        file = f"{ETC}/secrets/{surface}.env"
        text = host.path(file).read_text() if host.path(file).exists() else ""
        have = environment_of(host, f"secrets/{surface}.env")
        for name in SECRETS[surface]:
            if name not in have:
                text += _flask(host, release, "make", name)
        if surface in TOKENS and TOKENS[surface] not in have:
            label = settings.health_authority if surface == "submission" else NOTES_LABEL
            text += f"{TOKENS[surface]}={_flask(host, release, 'token', label)}"
        if surface == "status" and NOTICE_KEY not in have:
            text += f"{NOTICE_KEY}={secrets.token_hex(32)}\n"
        host.write(file, text, ROOT_ONLY)
    if not host.path(f"{ETC}/secrets/metrics.env").exists():
        host.write(f"{ETC}/secrets/metrics.env", _flask(host, release, "make", METRICS_SECRET), ROOT_ONLY)
    for name in [each.name for each in processes(settings)] + [CLOCK]:
        file = f"{ETC}/secrets/redis-{name}"
        if not host.path(file).exists():
            host.write(file, secrets.token_urlsafe(32) + "\n", ROOT_ONLY)


def _flask(host: Host, release: Path, *arguments: str) -> str:
    """Return the output of `flask secrets`, which needs no settings."""
    command = [str(release / ".venv" / "bin" / "flask"), "--app", "app", "secrets", *arguments]
    return Host.run(host, *command, folder=release) if host.is_real else f"{arguments[-1]}=generated-on-the-host\n"


def redis_passwords(host: Host, settings: HostSettings) -> dict[str, str]:
    """Return the password of each user of Redis."""
    names = [each.name for each in processes(settings)] + [CLOCK]
    return {name: host.path(f"{ETC}/secrets/redis-{name}").read_text().strip() for name in names}


def write_environments(host: Host, settings: HostSettings, release: Path) -> None:
    """Write the environment file of each process. They contain passwords of Redis: only root reads them."""
    passwords = redis_passwords(host, settings)
    for process in processes(settings):
        url = redis_url(process.name, passwords[process.name])
        values = _common(settings, process.surface) | {
            "DATABASE_URL": database_url(process.role),
            "REDIS_URL": url,
            **_portal(settings, process, "blue"),
            **_status(settings, process.surface),
            **_downloads(settings, process),
            **settings.further.get(process.surface, {}),
        }
        if process.kind == "web":
            values["WEB_CONCURRENCY"] = str(web_concurrency(settings, process.surface))
            for slot in SLOTS:
                own = {"BIND_ADDR": f"127.0.0.1:{port(process.surface, slot)}"} | _portal(settings, process, slot)
                _write(host, f"{process.name}-{slot}", own)
        _write(host, process.name, values)
    owner = _common(settings, "submission") | {"REDIS_URL": "redis://127.0.0.1:1/0"}
    owner |= settings.further.get("submission", {})
    _write(host, "owner", owner | {"DATABASE_URL": database_url(OWNER_ROLE)})
    _write(host, "rehearsal", owner | {"DATABASE_URL": database_url(OWNER_ROLE, REHEARSAL_DATABASE)})
    _write(host, "migrate", owner | {"DATABASE_URL": database_url(OWNER_ROLE)} | _unused_secrets(host, release))
    clock = _common(settings, ",".join(settings.surfaces)) | _portal(settings, Process("worker", "portal"), "blue")
    clock |= _status(settings, "status" if "status" in settings.surfaces else "")
    for surface in settings.surfaces:
        clock |= settings.further.get(surface, {})
    clock |= {"DATABASE_URL": database_url(clock_role(settings) or "nobody")}
    clock |= {"REDIS_URL": redis_url(CLOCK, passwords[CLOCK])}
    _write(host, "clock", clock | _unused_secrets(host, release))
    _delete_unserved(host, settings)


def _delete_unserved(host: Host, settings: HostSettings) -> None:
    """Delete the environments of surfaces that are no longer served. Their secrets stay: see docs/host.md."""
    for surface in ALL_SURFACES:
        if surface not in settings.surfaces:
            for file in host.path(f"{ETC}/processes").glob(f"*-{surface}*.env"):
                host.remove(f"{ETC}/processes/{file.name}")


def database_url(role: str, database: str = DATABASE) -> str:
    """Return the URL of a role: through the socket, where PostgreSQL knows the Unix user, without a password."""
    return f"postgresql://{role}@/{database}?host={POSTGRES_SOCKET}"


def redis_url(user: str, password: str) -> str:
    """Return the URL of a user of Redis."""
    return f"unix://{user}:{quote(password, safe='')}@{REDIS_SOCKET}"


def _common(settings: HostSettings, surfaces: str) -> dict[str, str]:
    values = {
        "ENV": "production",
        "SURFACES": surfaces,
        "REGION_CODE": settings.region_code,
        "TRUSTED_PROXIES": "1",
    }
    return values | ({"FIGURE_THRESHOLDS": settings.figure_thresholds} if settings.figure_thresholds else {})


def _portal(settings: HostSettings, process: Process, slot: str) -> dict[str, str]:
    """Return what the portal needs, and the address of submission in its own slot."""
    if process.surface == "sharing":
        return {"SHARING_URL": f"https://{settings.sharing_name}"}
    if process.surface != "portal" or "portal" not in settings.surfaces:
        return {}
    values = {
        "PORTAL_URL": f"https://{settings.portal_name}",
        "SUBMISSION_URL": f"http://127.0.0.1:{port('submission', slot)}",
        "MAIL_URL": settings.mail_url,
    }
    return values | ({"MAIL_FROM": settings.mail_from} if settings.mail_from else {})


def _status(settings: HostSettings, surface: str) -> dict[str, str]:
    """Return what the processes of status, and the monitor of the clock, need."""
    if surface != "status":
        return {}
    values = {"STATUS_URL": f"https://{settings.status_name}", "STATUS_FOLDER": STATUS_FOLDER}
    if settings.sends_mail_of_status:
        values |= {"MAIL_URL": settings.mail_url}
        values |= {"MAIL_FROM": settings.mail_from} if settings.mail_from else {}
    names: tuple[str, ...] = (
        "notice_webhook_url",
        "notice_emails",
        "notice_heartbeat_url",
        "digest_emails",
        "digest_hour",
        "status_parts",
        "status_time_zone",
    )
    names += ("status_name_en", "status_name_fr", "status_support_url")
    return values | {name.upper(): value for name in names if (value := getattr(settings, name))}


def _downloads(settings: HostSettings, process: Process) -> dict[str, str]:
    """Return where the worker of retrieval stores archives for nginx."""
    stores = process.name == "worker-retrieval" and settings.has_download_files
    return {"DOWNLOAD_FILES": f"file://{DOWNLOADS}"} if stores else {}


def _unused_secrets(host: Host, release: Path) -> dict[str, str]:
    """Return random values for what a process must have and never uses. Each is generated once."""
    file, token = f"{ETC}/processes/unused.env", TOKENS["submission"]
    text = host.path(file).read_text() if host.path(file).exists() else ""
    have = environment_of(host, "processes/unused.env")
    for name in (name for names in SECRETS.values() for name in names):
        if name not in have:
            text += _flask(host, release, "make", name)
    if token not in have:
        text += f"{token}={_flask(host, release, 'token', 'unused')}"
    host.write(file, text, ROOT_ONLY)
    return environment_of(host, "processes/unused.env")


def environment_of(host: Host, *files: str) -> dict[str, str]:
    """Return the variables of some files below /etc/exposure-alert; a later file wins."""
    values: dict[str, str] = {}
    for name in files:
        file = host.path(f"{ETC}/{name}")
        lines = file.read_text().splitlines() if file.exists() else []
        values |= {line.partition("=")[0]: line.partition("=")[2] for line in lines if line[:1].isalpha()}
    return values


def _write(host: Host, name: str, values: dict[str, str]) -> None:
    text = "".join(f"{key}={value}\n" for key, value in values.items())
    host.write(f"{ETC}/processes/{name}.env", text, ROOT_ONLY)
