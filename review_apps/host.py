"""Open, update and close review apps: the order of steps, and what is undone when one of them fails."""

import dataclasses
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from processes.errors import ProcessError
from processes.termination import kill
from review_apps import build, daemon, users
from review_apps.addons import AddOns
from review_apps.build import Version
from review_apps.errors import ReviewAppError
from review_apps.failures import Failures
from review_apps.locked import check_host, check_other, detach, home
from review_apps.locks import Locks
from review_apps.manifest import Manifest
from review_apps.release import Release
from review_apps.repository import Named, add_worktree, resolve
from review_apps.running import Running, State
from review_apps.servers import Servers
from review_apps.settings import Settings
from review_apps.state import App, Store, name_of


class Host:
    """The review apps of one folder. A method that changes an app holds its lock meanwhile."""

    def __init__(self, settings: Settings, log: Callable[[str], None]) -> None:
        self.settings = settings
        self.store = Store(settings.home)
        self.locks = Locks(settings.home)
        self.servers = Servers(settings, self.locks)
        self.running = Running(self.store, self.servers, settings)
        self.failures = Failures(settings.home)
        self._addons = AddOns(settings, self.store, self.servers)
        self._log = log

    def open(self, number: int, branch: str, repository: Path, opened_by: str = "", *, locked: bool = False) -> App:
        """Open an app. On failure nothing but its log is left. Raises ReviewAppError and ProcessError.

        `locked` confines it for as long as it is open, or refuses it.
        """
        (check_host if locked else check_other)(self.settings)
        with self.locks.app(number):
            app = self.store.load(number)
            if app and app.release:
                raise ReviewAppError(f"{app.name} is open: update it")
            # An app that a killed command left incomplete keeps its ports and passwords, which its Redis already has.
            app = app or App(number, branch, str(repository), opened=time.time(), opened_by=opened_by)
            app.repository, app.locked = str(repository), locked
            named = resolve(repository, branch)
            try:
                self._give_user(app)
                opened = self._deploy(app, branch, named)
            except BaseException as error:
                self._keep_log(number, str(error) or type(error).__name__)
                self._close(number)
                raise
            self.failures.forget(number)
            return opened

    def update(self, number: int, branch: str | None = None, *, again: bool = False) -> App:
        """Replace the version that serves; `again` also builds the commit that serves.

        On failure the version before keeps serving. Raises ReviewAppError and ProcessError.
        """
        with self.locks.app(number):
            app = self.existing(number)
            try:
                named = resolve(Path(app.repository), branch or app.branch)
                self.running.resume(app)
                self._remove_others(app)
                if named.commit == app.commit and not again:
                    self._log(f"{app.name} is already at {named.commit[:12]} of {named.kind}")
                    return app
                return self._deploy(app, branch or app.branch, named)
            except (ReviewAppError, ProcessError) as error:
                # Read again: the number of the release may have been increased.
                current = self.store.load(number) or app
                self.store.save(dataclasses.replace(current, failure=str(error), failed=time.time()))
                raise

    def close(self, number: int) -> bool:
        """Remove everything of an app; return whether there was anything."""
        with self.locks.app(number):
            return self._close(number)

    def resume(self, number: int) -> bool:
        """Start what does not run of an app, or wake it; return whether anything was started."""
        with self.locks.app(number):
            app = self.existing(number)
            started = self.running.resume(app)
            self._remove_others(app)
            return started

    def restart(self, number: int) -> App:
        """End the processes of an app and start them again, with the variables of now. Raises ReviewAppError."""
        with self.locks.app(number):
            app = self.existing(number)
            self._release(app).specification().write(
                self.running.version(number, app.release).folder / "specification.json"
            )
            self.running.restart(app)
            return app

    def sleep(self, number: int, *, wait: bool = True) -> None:
        """Put an app to sleep. Raises BusyError when another command works on it and `wait` is false."""
        with self.locks.app(number, wait=wait):
            app = self.existing(number)
            if not app.asleep:
                self.running.sleep(app)

    def change(self, number: int, **values: object) -> App:
        """Store other values of an app's fields. Raises ReviewAppError."""
        with self.locks.app(number):
            app = dataclasses.replace(self.existing(number), **values)  # type: ignore[arg-type]
            self.store.save(app)
            return app

    def existing(self, number: int) -> App:
        """Return an app that is open. Raises ReviewAppError."""
        app = self.store.load(number)
        if app is None or not app.release:
            raise ReviewAppError(f"{name_of(number)} is not open")
        return app

    def state(self, number: int) -> State:
        """Return what an app does that has a file or a folder."""
        try:
            app = self.store.load(number)
        except ReviewAppError:
            return State.DAMAGED
        return self.running.state(app) if app else State.INCOMPLETE

    def log_of(self, number: int) -> Path:
        """Return the path of the log of an app's processes."""
        return self.store.folder(number) / "log"

    def environment(self, app: App) -> dict[str, str]:
        """Return the variables of an app's processes."""
        return self._release(app).environment

    def _deploy(self, app: App, branch: str, named: Named) -> App:
        """Build a version beside the one that serves, and switch when it is ready."""
        number = app.last_release + 1
        app = dataclasses.replace(app, last_release=number)
        self.store.save(app)
        version = self.running.version(app.number, number)
        now = time.time()
        new = dataclasses.replace(
            app, branch=branch, commit=named.commit, release=number, updated=now, failure="", failed=0.0, asleep=False
        )
        try:
            self._log(f"{app.name}: building {named.commit[:12]} of {named.kind}")
            release = self._build(new, version)
            self._log("running the release command")
            release.prepare_database()
            self._log("starting its processes")
            release.start()
            if not new.seeded:
                self._log("running postdeploy")
                release.run_script("postdeploy")
                new.seeded = True
            self.servers.router.route(new, release.port)
        except BaseException:
            self._log("undoing it")
            daemon.stop(version.folder)
            build.remove(Path(app.repository), version)
            raise
        self.store.save(new)
        self._remove_others(new)
        return new

    def _keep_log(self, number: int, reason: str) -> None:
        """Keep why an app could not be opened, if possible: on a full disk it must be closed all the same."""
        try:
            self.failures.keep(number, self.log_of(number), reason)
            self._log(f"why: review-app logs {number}")
        except OSError as error:
            self._log(f"its log cannot be kept: {error.strerror}")

    def _give_user(self, app: App) -> None:
        """Give a locked app its user, with the folders that are the user's own."""
        if not app.locked:
            return
        folder = self.store.folder(app.number)
        with self.locks.host():
            app.user = app.user or users.prepare(folder, users.users_of(self.settings.locked_users))
            self.store.save(app)
        users.end_processes(app.user)  # of an earlier attempt
        users.give(home(folder), app.user)
        users.enterable(folder / "services", app.user)
        users.give(folder / "services" / "redis", app.user)  # whose owner Redis runs as

    def _build(self, app: App, version: Version) -> Release:
        self.servers.ensure()
        version.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        add_worktree(Path(app.repository), app.commit, version.source)
        if app.locked:
            detach(version.folder, version.source, app.user)
        app.web_port = self.store.free_port()
        release = self._release(app, version)
        # A variable that this version does not have may return with the next.
        self.store.save(
            dataclasses.replace(
                self.store.load(app.number) or app, secrets=release.app.secrets, redis_port=release.app.redis_port
            )
        )
        build.build(release.build_step(), release.manifest)
        return release

    def _release(self, app: App, version: Version | None = None) -> Release:
        """Return a version with its add-ons, which are made unless they exist; without `version`, the one that serves.

        The app gets the secrets that were made.
        """
        version = version or self.running.version(app.number, app.release)
        manifest = Manifest.read(version.definition)
        _, made = manifest.variables({**self.settings.variables, **app.variables}, app.secrets)
        app.secrets = {**app.secrets, **made}
        provided = self._addons.provide(app, manifest.addons)
        return Release(
            app, version, manifest, self.settings, self.log_of(app.number), provided, app.web_port, app.locked
        )

    def _close(self, number: int) -> bool:
        folder, app = self.store.folder(number), self.store.intact(number)
        if not folder.exists() and number not in self.store.numbers():
            self.failures.forget(number)
            return False
        self.servers.ensure()
        if app and app.release:
            self._run_predestroy(app)
        self._log(f"{name_of(number)}: ending its processes")
        self.servers.router.remove(name_of(number))
        versions = self.running.versions(number)
        for version in versions:
            daemon.stop(version.folder)
        daemon.stop(folder / "services")
        _kill_detached(folder)
        users.end_processes(app.user if app else users.user_of(folder, users.users_of(self.settings.locked_users)))
        self._log("removing its data")
        for version in versions:
            build.remove(Path(app.repository if app else "/nonexistent"), version)
        self._addons.remove(number, app)
        shutil.rmtree(folder, ignore_errors=True)
        with self.locks.host():
            self.store.delete(number)
            if self.store.is_empty():
                self.servers.stop()
        return True

    def _run_predestroy(self, app: App) -> None:
        """Run pr-predestroy. Its failure is logged and does not prevent the end of the app."""
        try:
            release = self._release(app)
            if release.manifest.script("pr-predestroy"):
                self._log("running pr-predestroy")
                release.run_script("pr-predestroy")
        except (ReviewAppError, ProcessError, OSError) as error:
            self._log(f"pr-predestroy failed, and {app.name} is closed nevertheless: {error}")

    def _remove_others(self, app: App) -> None:
        """Stop and remove every version except the one that serves."""
        for version in self.running.versions(app.number):
            if version != self.running.version(app.number, app.release):
                daemon.stop(version.folder)
                build.remove(Path(app.repository), version)


def _kill_detached(folder: Path) -> None:
    """Kill processes that left their session: they still have a folder of the app as HOME."""
    homes = {str(folder), str(home(folder))}

    def belongs(process: psutil.Process) -> bool:
        try:
            return process.environ().get("HOME") in homes
        except psutil.Error:
            return False

    kill(process for process in psutil.process_iter() if belongs(process))
