"""PostgreSQL: its configuration, the databases, and the roles, whose rights come from docs/operations.md."""

import re

from deploy.host.host import Host
from deploy.host.plan import (
    CLOCK_USER,
    DATABASE,
    ETC,
    OWNER_ROLE,
    OWNER_USER,
    REHEARSAL_DATABASE,
    clock_role,
    max_connections,
    processes,
)
from deploy.host.settings import HostSettings
from deploy.host.templates import SOURCE, TEMPLATES, render

_DOCUMENT = SOURCE / "docs" / "operations.md"
_GRANT = re.compile(r"^GRANT (?P<rights>.+?) ON (?P<objects>.+?) TO (?P<roles>[\w, ]+);$", re.MULTILINE)


def _documented_grants() -> list[tuple[str, str, list[str]]]:
    """Return the grants of "Database roles" as (rights, objects, roles): the document is their only source."""
    section = _DOCUMENT.read_text(encoding="utf-8").partition("\n## Database roles\n")[2].partition("\n## ")[0]
    grants = [
        (match["rights"], match["objects"], [role.strip() for role in match["roles"].split(",")])
        for match in _GRANT.finditer(section)
    ]
    if not grants:
        raise LookupError(f"{_DOCUMENT}: no grants")
    return grants


def grants_sql(settings: HostSettings) -> str:
    """Return the SQL that gives the roles of a host their rights and takes all others, in one transaction."""
    roles = [process.role for process in processes(settings)]
    lines = ["BEGIN;"]
    for role in roles:
        lines += [f"REVOKE ALL ON ALL {kind} IN SCHEMA public FROM {role};" for kind in ("TABLES", "SEQUENCES")]
    for rights, objects, granted in _documented_grants():
        if present := [role for role in granted if role in roles]:
            lines.append(f"GRANT {rights} ON {objects} TO {', '.join(present)};")
    return "\n".join([*lines, "COMMIT;"]) + "\n"


def roles_sql(settings: HostSettings) -> str:
    """Return the SQL that creates the missing roles. They have no password: PostgreSQL knows the Unix user."""
    roles = [OWNER_ROLE, *(process.role for process in processes(settings))]
    return "".join(
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') "
        f"THEN CREATE ROLE {role} LOGIN; END IF; END $$;\n"
        for role in roles
    )


def ident_map(settings: HostSettings) -> str:
    """Return the map of Unix users to roles."""
    pairs = {OWNER_USER: OWNER_ROLE} | {process.user: process.role for process in processes(settings)}
    if role := clock_role(settings):
        pairs[CLOCK_USER] = role
    lines = [f"exposure-alert {user} {role}" for user, role in pairs.items()]
    return "\n".join(["# map, Unix user, role", *lines]) + "\n"


def configure_postgresql(host: Host, settings: HostSettings) -> None:
    """Write the configuration of Debian's cluster, and restart it if something changed."""
    version = cluster_version(host)
    files = [f"/etc/postgresql/{version}/main/conf.d/exposure-alert.conf"]
    files += [f"{ETC}/postgresql/{name}" for name in ("pg_hba.conf", "pg_ident.conf")]
    text = render(TEMPLATES / "postgresql.conf", {"ETC": ETC, "MAX_CONNECTIONS": max_connections(settings)})
    host.write(files[0], text)
    host.write(files[1], render(TEMPLATES / "pg_hba.conf", _databases()), 0o640, "postgres")
    host.write(files[2], ident_map(settings), 0o640, "postgres")
    host.apply("postgresql", files, ("systemctl", "restart", f"postgresql@{version}-main.service"))


def _databases() -> dict[str, str]:
    return {"DATABASE": DATABASE, "REHEARSAL_DATABASE": REHEARSAL_DATABASE, "OWNER_ROLE": OWNER_ROLE}


def cluster_version(host: Host) -> str:
    """Return the major version of the newest cluster that Debian made, such as 15."""
    folders = host.path("/etc/postgresql").glob("*/main") if host.is_real else []
    return max((folder.parent.name for folder in folders), key=int, default="15")


def create_databases(host: Host, settings: HostSettings) -> None:
    """Create the roles and the two databases that do not exist yet. Nothing that exists is changed."""
    psql(host, roles_sql(settings), "postgres")
    for database in (DATABASE, REHEARSAL_DATABASE):
        if database not in databases(host):
            create_database(host, database)


def databases(host: Host) -> list[str]:
    """Return the names of all databases."""
    return psql(host, "SELECT datname FROM pg_database", "postgres").split()


def create_database(host: Host, name: str) -> None:
    """Create an empty database of the owner, to which only the service's roles connect."""
    psql(
        host,
        f"CREATE DATABASE {name} OWNER {OWNER_ROLE} ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0",
        "postgres",
    )
    psql(host, f"REVOKE ALL ON DATABASE {name} FROM PUBLIC", "postgres")
    host.note(f"database {name}")


def grant_rights(host: Host, settings: HostSettings) -> None:
    """Give each role its rights, after a migration and before new processes start."""
    roles = ", ".join(process.role for process in processes(settings))
    psql(host, f"GRANT CONNECT ON DATABASE {DATABASE} TO {roles};", "postgres")
    psql(host, grants_sql(settings), DATABASE)


def psql(host: Host, sql: str, database: str) -> str:
    """Run SQL as the superuser; return the rows."""
    options = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1")
    return host.run("psql", *options, f"--dbname={database}", user="postgres", text=sql)
