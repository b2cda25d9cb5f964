"""`deploy/host/install` into a folder: which files it writes, for whom, and that a second run changes nothing."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from unittest.mock import Mock, call

import psycopg2
import pytest

from app import create_app
from app.config.secrets import SECRET_MAKERS
from app.config.settings import describe_settings
from app.database.migrations import migrate_database
from deploy.host import database, proxy
from deploy.host.host import Host
from deploy.host.install import install
from deploy.host.plan import BACKUPS, ETC, max_connections, port, processes, users
from deploy.host.service_settings import METRICS_SECRET, SECRETS, TOKENS
from deploy.host.settings import ALL_SURFACES, read_settings
from deploy.host.system import IDENTITY, RECIPIENTS, configure_backups, install_packages
from deploy.host.units import TIMERS
from tests.deploy_host.hosts import host_settings, write_settings
from tests.support.roles import ROLES, SQL, is_refused, run_as_owner
from tests.support.settings import make_settings

NO_DEFAULT = {setting.name: setting for setting in describe_settings() if setting.default is None}


def files(root: Path) -> dict[str, tuple[int, str]]:
    """Return the mode and the text of each file below a folder."""
    found = [path for path in sorted(root.rglob("*")) if path.is_file()]
    return {f"/{path.relative_to(root)}": (path.stat().st_mode & 0o777, path.read_text()) for path in found}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc" / "exposure-alert").mkdir(parents=True)
    write_settings(tmp_path / "etc" / "exposure-alert" / "host.conf")
    return tmp_path


def run(root: Path, **lines: str) -> Host:
    host = Host(root)
    install(host, read_settings(write_settings(root / "etc" / "exposure-alert" / "host.conf", **lines)), "main")
    return host


def test_a_second_run_changes_nothing(root: Path) -> None:
    assert len(run(root).changed) > 60
    before = files(root)
    assert run(root).changed == []
    assert files(root) == before


def test_a_second_run_leaves_the_slot_that_serves(root: Path) -> None:
    host = run(root)
    assert proxy.active_slot(host) == "blue"
    host.link(f"{proxy.FOLDER}/upstreams.conf", "upstreams-green.conf")
    assert run(root).changed == []
    assert proxy.active_slot(host) == "green"


class HostOfACloud(Host):
    """A host with one package, whose commands are written down."""

    def __init__(self, root: Path, package: str) -> None:
        super().__init__(root)
        self.is_real, self.package = True, package
        self.commands: list[str] = []

    def run(self, *argv: str, **_options: object) -> str:
        self.commands.append(" ".join(argv))
        return "install ok installed" if f" {self.package} " in argv[-1] else ""


@pytest.mark.parametrize(("package", "is_added"), [("chrony", False), ("bash", True)])
def test_the_program_that_sets_the_clock_is_not_replaced(tmp_path: Path, package: str, is_added: bool) -> None:
    host = HostOfACloud(tmp_path, package)
    install_packages(host, host_settings(tmp_path))
    (installed,) = [command for command in host.commands if command.startswith("apt-get install")]
    assert ("systemd-timesyncd" in installed.split()) is is_added
    assert "nginx-light" in installed.split()


def test_a_changed_setting_changes_its_own_files_alone(root: Path) -> None:
    run(root)
    assert run(root, SSH_PORT="2222").changed == [f"{ETC}/nftables.conf"]
    assert run(root, SSH_PORT="2222", SHARING_NAME="other.example.org").changed == [
        f"{ETC}/processes/web-sharing-blue.env",
        f"{ETC}/processes/web-sharing-green.env",
        f"{ETC}/processes/web-sharing.env",
        f"{ETC}/processes/worker-sharing.env",
        f"{ETC}/proxy/sites/sharing.conf",
    ]


def test_timers_run_from_the_installation_on_not_from_the_next_boot(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(root)
    names = " ".join(f"exposure-alert-{name}.timer" for name in TIMERS)
    assert f"would run: systemctl start {names}\n" in capsys.readouterr().out


def test_a_release_that_needs_another_secret_gets_it_for_processes_that_never_use_it_too(root: Path) -> None:
    run(root)
    before = files(root)
    for name in ("secrets/submission", "processes/unused"):  # as of a release without SECRET_KEY
        file = root / ETC.lstrip("/") / f"{name}.env"
        file.write_text(re.sub(r"^SECRET_KEY=.*\n", "", file.read_text(), flags=re.MULTILINE))
    run(root)
    after = files(root)
    for path in (f"{ETC}/secrets/submission.env", f"{ETC}/processes/clock.env", f"{ETC}/processes/migrate.env"):
        assert sorted(after[path][1].splitlines()) == sorted(before[path][1].splitlines()), path


def test_a_surface_that_is_no_longer_served_leaves_its_secrets_alone(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(root)
    capsys.readouterr()
    run(root, SURFACES="submission,retrieval")
    commands = [line.removeprefix("would run: ") for line in capsys.readouterr().out.splitlines()]
    assert {f"systemctl stop exposure-alert-{name}.service" for name in ("web-portal@*", "worker-portal")} <= {
        *commands
    }
    # systemd of Debian 12 refuses to stop a template; it disables one with all its instances.
    assert "systemctl disable --quiet exposure-alert-web-portal@.service" in commands
    assert [line for line in commands if "@." in line and ("--now" in line or " stop " in line)] == []
    names = [path for path in files(root) if path.startswith(("/etc/systemd", f"{ETC}/proxy"))]
    assert [path for path in names if re.search("portal|sharing", path)] == []
    assert [path for path in files(root) if re.search("processes/.*(portal|sharing|status)", path)] == []
    # Data that remain in the database can be opened with them, and the surface may be added again.
    assert {f"{ETC}/secrets/{name}.env" for name in ("portal", "sharing", "status")} <= {*files(root)}


def test_only_root_reads_what_contains_a_secret(root: Path) -> None:
    run(root)
    written = files(root)
    secret = re.compile(r"^(?:[A-Z_]*(?:KEYS?|TOKEN|PASSWORD)|REDIS_URL|ALARM_MAIL_URL)=\S", re.MULTILINE)
    with_secrets = {path for path, (_, text) in written.items() if secret.search(text)} - {f"{ETC}/host.conf"}
    assert len(with_secrets) == 21
    assert {path for path in with_secrets if written[path][0] != 0o600} == set()
    for folder in (f"{ETC}/secrets", f"{ETC}/processes", BACKUPS):
        assert (root / folder.lstrip("/")).stat().st_mode & 0o777 == 0o700
    for path in ("redis/users.acl", "postgresql/pg_hba.conf", "postgresql/pg_ident.conf"):
        assert written[f"{ETC}/{path}"][0] == 0o640
    # Passwords of Redis are only in the files of their processes; Redis' own file has their SHA-256.
    passwords = [text.strip() for path, (_, text) in written.items() if "/secrets/redis-" in path]
    assert len(passwords) == 2 * len(ALL_SURFACES) + 1 == len(set(passwords))
    acl = written[f"{ETC}/redis/users.acl"][1]
    assert [password for password in passwords if password in acl] == []


def test_the_key_that_opens_backups_is_made_once_and_read_by_root_alone(tmp_path: Path) -> None:
    host = Mock(is_real=True, path=lambda path: tmp_path / path.lstrip("/"), run=lambda *argv: f"{' '.join(argv)}\n")
    settings = host_settings(tmp_path, BACKUP_RECIPIENT="age1-of-another-host")
    configure_backups(host, settings)
    recipients = call(RECIPIENTS, f"age-keygen -y {IDENTITY}\nage1-of-another-host\n")
    assert host.write.call_args_list == [call(IDENTITY, "age-keygen\n", 0o600), recipients]
    host.path(IDENTITY).parent.mkdir(parents=True)
    host.path(IDENTITY).touch()
    host.write.reset_mock()
    configure_backups(host, settings)
    assert host.write.call_args_list == [recipients]


def test_updates_are_installed_at_the_time_of_the_settings_and_used_at_once(root: Path) -> None:
    run(root, REBOOT_AT="03:10")
    written = files(root)
    assert 'Automatic-Reboot-Time "03:10";' in written["/etc/apt/apt.conf.d/52exposure-alert"][1]
    assert written["/etc/needrestart/conf.d/exposure-alert.conf"][1] == "$nrconf{restart} = 'a';\n"


def test_no_process_has_the_secret_of_another_surface(root: Path) -> None:
    run(root)
    written = files(root)
    for surface in ALL_SURFACES:
        required = {name for name, setting in NO_DEFAULT.items() if surface in setting.required_by}
        names = set(re.findall(r"^([A-Z_]+)=", written[f"{ETC}/secrets/{surface}.env"][1], re.MULTILINE))
        optional = {"STATUS_NOTE_TOKENS", "NOTICE_WEBHOOK_KEY"} if surface == "status" else set()
        assert names == required - {"DATABASE_URL", "REDIS_URL"} | optional
    made = {name for names in SECRETS.values() for name in names} | {METRICS_SECRET}
    assert made | {"TEST_TOOLS_TOKEN"} == set(SECRET_MAKERS)
    assert TOKENS["submission"] in NO_DEFAULT


def test_status_gets_its_address_and_who_is_notified(root: Path) -> None:
    run(root, NOTICE_EMAILS="team@example.org", DIGEST_HOUR="7", STATUS_NAME_EN="Service of a region")
    written = files(root)
    for name in ("worker-status", "clock"):
        text = written[f"{ETC}/processes/{name}.env"][1]
        expected = {"STATUS_URL=https://status.example.org", "NOTICE_EMAILS=team@example.org", "DIGEST_HOUR=7"}
        expected |= {"STATUS_NAME_EN=Service of a region", "MAIL_URL=smtp://127.0.0.1:1"}
        expected |= {"DATABASE_URL=postgresql://worker_status@/exposure_alert?host=/run/postgresql"}
        assert expected - set(text.splitlines()) == set(), name
    assert "exposure-alert ea-clock worker_status\n" in written[f"{ETC}/postgresql/pg_ident.conf"][1]


def test_further_settings_of_a_surface_reach_its_processes_and_the_clock_alone(root: Path) -> None:
    line = "PORTAL_MAIL_DOMAINS=health.example.org"
    run(root, **{"portal.PORTAL_MAIL_DOMAINS": "health.example.org", "portal.PORTAL_SUPPORT_URL": ""})
    folder = f"{ETC}/processes/"
    texts = {path[len(folder) :]: text for path, (_, text) in files(root).items() if path.startswith(folder)}
    having = {name for name, text in texts.items() if line in text.splitlines()}
    assert having == {"web-portal.env", "worker-portal.env", "clock.env"}
    assert not any("PORTAL_SUPPORT_URL" in text for text in texts.values())


def test_archives_are_files_unless_the_settings_refuse_them(root: Path) -> None:
    for downloads, line in (("files", True), ("service", False)):
        run(root, DOWNLOADS=downloads)
        written = files(root)
        text = written[f"{ETC}/processes/worker-retrieval.env"][1]
        assert ("DOWNLOAD_FILES=file:///var/lib/exposure-alert/downloads" in text) is line
        unit = written["/etc/systemd/system/exposure-alert-worker-retrieval.service"][1]
        assert ("ReadWritePaths=/var/lib/exposure-alert/downloads" in unit) is line
        site = written[f"{ETC}/proxy/sites/retrieval.conf"][1]
        assert ("root /var/lib/exposure-alert/downloads;" in site) is line


def test_a_host_without_status_has_a_clock_without_a_database_and_a_network(root: Path) -> None:
    run(root, SURFACES="submission,retrieval")
    written = files(root)
    assert "postgresql://nobody@" in written[f"{ETC}/processes/clock.env"][1]
    assert "PrivateNetwork=yes" in written["/etc/systemd/system/exposure-alert-clock.service"][1]
    assert "ea-clock" not in written[f"{ETC}/postgresql/pg_ident.conf"][1]


def test_every_environment_names_settings_that_exist(root: Path) -> None:
    run(root, MAIL_FROM="portal@example.org")
    known = {setting.name for setting in describe_settings()} | {"WEB_CONCURRENCY"}
    environments = {path: text for path, (_, text) in files(root).items() if path.startswith(f"{ETC}/processes/")}
    named = {name for text in environments.values() for name in re.findall(r"^([A-Z_]+)=", text, re.MULTILINE)}
    assert named - known == set()


def test_ports_and_users_are_not_shared(tmp_path: Path) -> None:
    settings = host_settings(tmp_path)
    assert len({port(surface, slot) for surface in ALL_SURFACES for slot in ("blue", "green")}) == 10
    assert len(set(users(settings))) == len(users(settings)) == 14
    assert max_connections(settings) == 2 * (2 + 2 + 1 + 1 + 1) * 10 + 5 * 3 + 3 + 20


@pytest.fixture
def migrated_url(database_url: str) -> Iterator[str]:
    """A separate database with the tables, and without roles; they are dropped afterwards."""
    url = f"{database_url.rpartition('/')[0]}/host_roles"
    run_as_owner(database_url, "CREATE DATABASE host_roles")
    try:
        app = create_app(make_settings(url, "redis://127.0.0.1:1/0"))
        migrate_database(app)
        app.context.database.dispose()
        yield url
    finally:
        run_as_owner(database_url, "DROP DATABASE host_roles WITH (FORCE)")
        for role in ROLES:
            run_as_owner(database_url, f"DROP ROLE IF EXISTS {role}")


def privileges(url: str) -> set[tuple[str, ...]]:
    """Return the rights of all roles on tables, columns and sequences."""
    query = """
        SELECT grantee, table_name, '', privilege_type FROM information_schema.role_table_grants
        UNION SELECT grantee, table_name, column_name, privilege_type FROM information_schema.role_column_grants
        UNION SELECT grantee, object_name, 'sequence', privilege_type FROM information_schema.role_usage_grants
    """
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({query}) AS each WHERE grantee = ANY(%s)", [list(ROLES)])  # noqa: S608
        return set(cursor.fetchall())


def test_roles_have_the_rights_of_the_operations_guide_and_lose_others(migrated_url: str, tmp_path: Path) -> None:
    settings = host_settings(tmp_path)
    roles = database.roles_sql(settings).replace("exposure_alert LOGIN", "exposure_alert_owner LOGIN")
    assert {process.role for process in processes(settings)} == set(ROLES)
    run_as_owner(migrated_url, roles + roles)  # again, with the roles in place
    run_as_owner(migrated_url, SQL.partition("GRANT")[1] + SQL.partition("GRANT")[2])
    documented = privileges(migrated_url)
    assert len(documented) > 200
    run_as_owner(migrated_url, "GRANT ALL ON encryption_keys TO retrieval; REVOKE SELECT ON events FROM portal")
    assert privileges(migrated_url) != documented
    run_as_owner(migrated_url, database.grants_sql(settings))
    assert privileges(migrated_url) == documented
    with closing(psycopg2.connect(migrated_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SET ROLE retrieval")
        connection.commit()
        assert is_refused(cursor, "SELECT * FROM encryption_keys")


def test_a_host_of_some_surfaces_gets_their_roles_alone(tmp_path: Path) -> None:
    settings = host_settings(tmp_path, SURFACES="submission,retrieval")
    text = database.roles_sql(settings) + database.grants_sql(settings) + database.ident_map(settings)
    assert "portal," not in text
    assert re.findall(r"\bTO [^;]*(?:portal|sharing)", text) == []
    assert "exposure-alert ea-worker-submission worker_submission\n" in text
