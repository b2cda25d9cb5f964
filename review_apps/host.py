"""Open, update and close review apps: the order of steps, and what is undone when one of them fails."""

import dataclasses
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from processes.errors import ProcessError
from processes.ports import free_port
from processes.termination import kill
from review_apps import build, daemon, database
from review_apps.build import Version
from review_apps.errors import ReviewAppError
from review_apps.manifest import POSTGRESQL, REDIS, Manifest
from review_apps.programs import SmallRedis
from review_apps.release import Release
from review_apps.servers import Servers
from review_apps.settings import Settings
from review_apps.specification import Process, Specification
from review_apps.state import App, Store, name_of, role_of


class Host:
    """The review apps of one folder. The caller must hold the lock of its `store`."""

    def __init__(self, settings: Settings, log: Callable[[str], None]) -> None:
        self.settings = settings
        self.store = Store(settings.home)
        self.servers = Servers(settings)
        self._log = log

    def open(self, number: int, branch: str, repository: Path) -> App:
        """Open an app. On failure nothing of it is left. Raises ReviewAppError and ProcessError."""
        app = self.store.load(number)
        if app and app.release:
            raise ReviewAppError(f"{app.name} is open: update it")
        # An app that a killed command left incomplete keeps its ports and passwords, which its Redis already has.
        app = app or App(number, branch, str(repository), opened=time.time())
        app.repository = str(repository)
        try:
            return self._deploy(app, branch, build.commit_of(repository, branch))
        except BaseException:
            self.close(number)
            raise

    def update(self, number: int, branch: str | None = None) -> App:
        """Replace the version that serves. On failure it keeps serving. Raises ReviewAppError and ProcessError."""
        app = self.store.load(number)
        if app is None:
            raise ReviewAppError(f"{name_of(number)} is not open")
        try:
            commit = build.commit_of(Path(app.repository), branch or app.branch)
            self.resume(app)
            if commit == app.commit:
                self._log(f"{app.name} is already at {commit[:12]}")
                return app
            return self._deploy(app, branch or app.branch, commit)
        except (ReviewAppError, ProcessError) as error:
            # Read again: the number of the release may have been increased.
            self.store.save(dataclasses.replace(self.store.load(number) or app, failure=str(error)))
            raise

    def close(self, number: int) -> bool:
        """Remove everything of an app; return whether there was anything."""
        folder, app = self.store.folder(number), self.store.load(number)
        if app is None and not folder.exists():
            return False
        self.servers.ensure()
        if app and app.release:
            self._run_predestroy(app)
        self.servers.router.remove(name_of(number))
        for version in self._versions(number):
            daemon.stop(version.folder)
            build.remove(Path(app.repository if app else "."), version)
        daemon.stop(folder / "services")
        _kill_detached(folder)
        database.drop(self.servers.database_url, role_of(number))
        shutil.rmtree(folder, ignore_errors=True)
        self.store.delete(number)
        if not self.store.numbers():
            self.servers.stop()
        return True

    def resume(self, app: App) -> bool:
        """Start the processes that do not run, such as after a restart of the host; return whether any were started."""
        self.servers.ensure()
        folders = [self.store.folder(app.number) / "services", self._version(app.number, app.release).folder]
        down = [
            folder for folder in folders if (folder / "specification.json").exists() and not daemon.is_running(folder)
        ]
        for folder in down:
            daemon.resume(folder)
        self._remove_others(app)
        return bool(down)

    def is_running(self, app: App) -> bool:
        """Return whether the version that should serve runs."""
        return self.servers.are_running() and daemon.is_running(self._version(app.number, app.release).folder)

    def log_of(self, number: int) -> Path:
        """Return the path of the log of an app's processes."""
        return self.store.folder(number) / "log"

    def processes(self, app: App) -> list[psutil.Process]:
        """Return the processes of an app, with the daemons that supervise them."""
        folders = (self.store.folder(app.number) / "services", self._version(app.number, app.release).folder)
        leaders = [leader for leader in map(daemon.process_of, folders) if leader]
        return [process for leader in leaders for process in (leader, *leader.children(recursive=True))]

    def _deploy(self, app: App, branch: str, commit: str) -> App:
        """Build a version beside the one that serves, and switch when it is ready."""
        number = app.last_release + 1
        app = dataclasses.replace(app, last_release=number)
        self.store.save(app)
        version = self._version(app.number, number)
        new = dataclasses.replace(app, branch=branch, commit=commit, release=number, updated=time.time(), failure="")
        try:
            release = self._build(new, version)
            self._log("running the release command")
            release.prepare_database()
            self._log("starting its processes")
            release.start()
            if not new.seeded:
                self._log("running postdeploy")
                release.run_script("postdeploy", release.manifest.postdeploy)
                new.seeded = True
            self.servers.router.route(new, release.port)
        except BaseException:
            daemon.stop(version.folder)
            build.remove(Path(app.repository), version)
            raise
        self.store.save(new)
        self._remove_others(new)
        return new

    def _build(self, app: App, version: Version) -> Release:
        self._log(f"building {app.name} from {app.commit[:12]}")
        self.servers.ensure()
        version.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        build.check_out(Path(app.repository), app.commit, version)
        manifest = Manifest.read(version.source)
        _, made = manifest.variables(self.settings.variables, app.secrets)
        # A variable that this version does not have may return with the next.
        app.secrets = {**app.secrets, **made}
        app.web_port = free_port()
        self.store.save(dataclasses.replace(self.store.load(app.number) or app, secrets=app.secrets))
        addresses = self._addresses(app, manifest)
        release = Release(app, version, manifest, self.settings, self.log_of(app.number), addresses, app.web_port)
        build.install(version, release.environment)
        return release

    def _addresses(self, app: App, manifest: Manifest) -> dict[str, str]:
        """Make the app's database and start its Redis, unless it has them; return their addresses."""
        addresses = {}
        if POSTGRESQL in manifest.addons:
            addresses["DATABASE_URL"] = database.create(
                self.servers.database_url, app.role, app.database_password, self.settings.connections
            )
        if REDIS in manifest.addons:
            folder = self.store.folder(app.number) / "services"
            options = {"password": app.redis_password, "megabytes": str(self.settings.redis_mb)}
            redis = Process("redis", "redis", str(folder / "redis"), app.redis_port, options=options)
            daemon.start(folder, Specification([redis], str(folder / "log")))
            server = SmallRedis(folder / "redis", app.redis_port, app.redis_password, str(self.settings.redis_mb))
            addresses["REDIS_URL"] = server.url
        return addresses

    def _run_predestroy(self, app: App) -> None:
        """Run pr-predestroy. Its failure is logged and does not prevent the end of the app."""
        try:
            version = self._version(app.number, app.release)
            manifest = Manifest.read(version.source)
            addresses = self._addresses(app, manifest)
            log = self.log_of(app.number)
            release = Release(app, version, manifest, self.settings, log, addresses, app.web_port)
            release.run_script("pr-predestroy", manifest.predestroy)
        except (ReviewAppError, ProcessError, OSError) as error:
            self._log(f"pr-predestroy failed, and {app.name} is closed nevertheless: {error}")

    def _remove_others(self, app: App) -> None:
        """Stop and remove every version except the one that serves."""
        for version in self._versions(app.number):
            if version != self._version(app.number, app.release):
                daemon.stop(version.folder)
                build.remove(Path(app.repository), version)

    def _version(self, number: int, release: int) -> Version:
        return Version(self.store.folder(number) / "releases" / f"{release:04d}")

    def _versions(self, number: int) -> Iterable[Version]:
        return [Version(path) for path in sorted((self.store.folder(number) / "releases").glob("*"))]


def _kill_detached(folder: Path) -> None:
    """Kill processes that left their session: they still have the app's folder as HOME."""

    def belongs(process: psutil.Process) -> bool:
        try:
            return bool(process.environ().get("HOME") == str(folder))
        except psutil.Error:
            return False

    kill(process for process in psutil.process_iter() if belongs(process))
