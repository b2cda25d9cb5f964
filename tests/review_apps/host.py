"""A host with review apps, used as a person or a workflow uses it: with the command, and through nginx."""

import base64
import http.client
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from review_apps.description import describe
from review_apps.host import Host as ReviewAppsHost
from review_apps.settings import Settings
from tests.review_apps.small_app import Repository
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
DOMAIN = "review.test"
MARK = "RUNNER_TRACKING_ID"
_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Host:
    """The review apps of a folder."""

    def __init__(self, home: Path, repository: Repository, port: int, **settings: Any) -> None:
        self.home, self.repository, self.port = home, repository, port
        home.mkdir(exist_ok=True)
        listen = {"listen": f"127.0.0.1:{port}", "domain": DOMAIN}
        (home / "settings.json").write_text(json.dumps({**listen, **settings}))

    def run(self, *arguments: object, stdin: str = "", fails: bool = False) -> str:
        """Run the command; return its output and its messages."""
        done = subprocess.run(
            [sys.executable, "-m", "review_apps", "--home", str(self.home), *map(str, arguments)],
            cwd=ROOT, env={**os.environ, MARK: "1"}, input=stdin,
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == (1 if fails else 0), done.stdout + done.stderr
        return done.stdout + done.stderr

    def open(self, number: int, branch: str) -> dict[str, Any]:
        """Open an app and return its description."""
        self.run("open", number, "--branch", branch, "--repository", self.repository.folder)
        return self.show(number)

    def show(self, number: int) -> dict[str, Any]:
        return json.loads(self.run("show", number))

    def get(
        self, number: int, path: str = "/", method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Answer:
        """Send a request to an app through nginx, by its host name; 0 is the host's own page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_SECONDS)
        try:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            name = f"pr-{number:04d}.{DOMAIN}" if number else DOMAIN
            connection.request(method, path, body, headers={"Host": name, **names})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def processes(self, number: int) -> dict[str, psutil.Process]:
        """Return the processes of the Procfile that run for an app, by name such as `worker.1`."""
        found = {}
        for process in psutil.process_iter():
            try:
                environment = process.environ()
            except psutil.Error:
                continue
            homes = (str(self.folder(number)), str(self.folder(number) / "home"))  # the second of a locked app
            if environment.get("HOME") in homes and "DYNO" in environment and process.status() != psutil.STATUS_ZOMBIE:
                found.setdefault(environment["DYNO"], process)
        return found

    def wait_until_gone(self, number: int) -> None:
        """Return when nothing of an app is left. A daemon may end a little after the command that stopped it."""
        wait_until(lambda: not self.traces(number), f"nothing is left of {number}")

    def traces(self, number: int) -> list[object]:
        """Return the files, worktrees and processes that are left of an app."""
        name = f"pr-{number:04d}"
        files = [path for path in self.home.rglob("*") if name in path.name]
        worktrees = [line for line in self.repository.git("worktree", "list").splitlines() if name in line]
        processes = [process for process in psutil.process_iter() if str(self.folder(number)) in command(process)]
        return [*files, *worktrees, *processes, *self.processes(number)]

    def listed(self, number: int) -> dict[str, Any]:
        """Return an app as `list --json` does, but without a process for each question of a test that waits."""
        settings = Settings.read(self.home.resolve())
        return describe(ReviewAppsHost(settings, print), number)

    def folder(self, number: int) -> Path:
        return self.home / "apps" / f"pr-{number:04d}"


def command(process: psutil.Process) -> str:
    try:
        return "" if process.status() == psutil.STATUS_ZOMBIE else " ".join(process.cmdline())
    except psutil.Error:
        return ""


def basic(password: str, user: str = "review") -> dict[str, str]:
    """Return the header of a browser with a user name and a password."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}
