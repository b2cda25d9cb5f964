"""What runs on the host: users, database roles, ports and slots of each surface. Nothing here touches the host."""

from collections.abc import Iterator
from dataclasses import dataclass

from deploy.host.settings import ALL_SURFACES, HostSettings

ETC = "/etc/exposure-alert"
RELEASES = "/srv/exposure-alert"
STATE = "/var/lib/exposure-alert"
STATUS_FOLDER = f"{STATE}/status"
DOWNLOADS = f"{STATE}/downloads"
BACKUPS = "/var/backups/exposure-alert"
REDIS_SOCKET = "/run/exposure-alert-redis/redis.sock"
DATABASE = "exposure_alert"
REHEARSAL_DATABASE = "exposure_alert_rehearsal"
OWNER_ROLE = "exposure_alert"
OWNER_USER = "ea-owner"
CLOCK_USER = "ea-clock"
REDIS_USER = "ea-redis"
PROXY_USER = "ea-proxy"
TARGET = "exposure-alert.target"

# Two versions run side by side while one replaces the other, each at its own ports.
SLOTS = {"blue": 8010, "green": 8020}

_POOL = 10  # the service's default of DATABASE_POOL_SIZE
_JOB_CONNECTIONS = 3
_CLOCK_CONNECTIONS = 3  # its monitor
_OTHER_CONNECTIONS = 20  # releases, backups, rehearsals, people


@dataclass(frozen=True)
class Process:
    """A kind of process: its Unix user, its role in PostgreSQL, and its user in Redis."""

    kind: str  # web or worker
    surface: str

    @property
    def name(self) -> str:
        """The name in units, files and Redis: `web-submission`."""
        return f"{self.kind}-{self.surface}"

    @property
    def user(self) -> str:
        """The Unix user."""
        return f"ea-{self.role.replace('_', '-')}"

    @property
    def role(self) -> str:
        """The database role, as docs/operations.md names it."""
        return self.surface if self.kind == "web" else f"worker_{self.surface}"


def processes(settings: HostSettings) -> Iterator[Process]:
    """Yield the web processes and workers of a host."""
    for surface in settings.surfaces:
        yield Process("web", surface)
        yield Process("worker", surface)


def clock_role(settings: HostSettings) -> str:
    """Return the database role of the clock, whose monitor needs one; without status it has none."""
    return "worker_status" if "status" in settings.surfaces else ""


def users(settings: HostSettings) -> list[str]:
    """Return the Unix users of a host."""
    return [OWNER_USER, CLOCK_USER, REDIS_USER, PROXY_USER, *(each.user for each in processes(settings))]


def port(surface: str, slot: str) -> int:
    """Return the port of a surface's web process in a slot."""
    return SLOTS[slot] + ALL_SURFACES.index(surface)


def other_slot(slot: str) -> str:
    """Return the slot that a new version starts in."""
    return "green" if slot == "blue" else "blue"


def web_unit(surface: str, slot: str) -> str:
    """Return the name of a web unit."""
    return f"exposure-alert-web-{surface}@{slot}.service"


def worker_units(settings: HostSettings) -> list[str]:
    """Return the names of the units that run jobs."""
    return [f"exposure-alert-worker-{surface}.service" for surface in settings.surfaces] + [
        "exposure-alert-clock.service"
    ]


def web_concurrency(settings: HostSettings, surface: str) -> int:
    """Return the workers of a web process: people use the portal and sharing, phones the others."""
    return int(settings.web_concurrency) if surface in ("submission", "retrieval") else 1


def max_connections(settings: HostSettings) -> int:
    """Return the connections of PostgreSQL while two versions run side by side (docs/operations.md, Scaling)."""
    web = sum(web_concurrency(settings, surface) for surface in settings.surfaces) * _POOL
    jobs = _JOB_CONNECTIONS * len(settings.surfaces) + (_CLOCK_CONNECTIONS if clock_role(settings) else 0)
    return len(SLOTS) * web + jobs + _OTHER_CONNECTIONS
