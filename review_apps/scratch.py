"""`scripts.test` of app.json, run in an app that exists only meanwhile, as in Heroku CI."""

import shutil
import time
from pathlib import Path
from typing import Final

from review_apps import build, daemon
from review_apps.addons import AddOns
from review_apps.errors import ReviewAppError
from review_apps.host import Host
from review_apps.locked import check_other
from review_apps.manifest import TEST, Manifest
from review_apps.release import Release
from review_apps.repository import add_worktree, resolve
from review_apps.state import App

# No pull request has this number.
_NUMBER: Final = 0


def run_tests(host: Host, branch: str, repository: Path) -> int:
    """Print the output of `scripts.test-setup` and `scripts.test`; return 0, or 1 if one fails."""
    check_other(host.settings)
    named = resolve(repository, branch)
    with host.locks.app(_NUMBER):
        app = App(_NUMBER, branch, str(repository), named.commit, 1, 1, opened=time.time())
        folder, version = host.store.folder(_NUMBER), host.running.version(_NUMBER, 1)
        _remove(host, folder, repository)
        addons = AddOns(host.settings, host.store, host.servers)
        try:
            host.servers.ensure()
            version.folder.mkdir(mode=0o700, parents=True)
            add_worktree(repository, app.commit, version.source)
            manifest = Manifest.read(version.source, TEST)
            if not manifest.script("test"):
                raise ReviewAppError("app.json has no scripts.test, under `environments.test` or at its top")
            app.secrets = manifest.variables(host.settings.variables, {})[1]
            provided = {**addons.provide(app, manifest.addons), "CI": "true"}
            release = Release(
                app, version, manifest, host.settings, folder / "log", provided, host.store.free_port(), echo=True
            )
            build.build(release.build_step(), manifest, testing=True)
            for name in ("test-setup", "test"):
                release.run_script(name)
        except ReviewAppError as error:
            print(error)
            return 1
        finally:
            _remove(host, folder, repository)
    return 0


def _remove(host: Host, folder: Path, repository: Path) -> None:
    daemon.stop(folder / "services")
    for version in host.running.versions(_NUMBER):
        build.remove(repository, version)
    if folder.exists():
        AddOns(host.settings, host.store, host.servers).remove(_NUMBER, None)
    shutil.rmtree(folder, ignore_errors=True)
    with host.locks.host():
        if host.store.is_empty():
            host.servers.stop()
