"""A project that starts within a second and answers with its environment and the headers of the request."""

import json
import subprocess
from pathlib import Path
from typing import Any

WEB = """
import http.server, json, os, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow":
            time.sleep(1)
        if self.path == "/eat":
            self.server.eaten = b"x" * 200_000_000
        facts = {"version": open("version").read(), "environment": dict(os.environ), "headers": dict(self.headers)}
        body = json.dumps(facts).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass

if os.path.exists("broken"):
    raise SystemExit("the web process is broken")
print("a secret is", os.environ["SECRET"], flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
RELEASE = """
import os
if os.path.exists("failing"):
    raise SystemExit("no such column: " + os.environ["SECRET"])
"""
MANIFEST = {
    "name": "small",
    "description": "A small app",
    "env": {
        "SECRET": {"generator": "secret"},
        "GREETING": "hello",
        "OVERRIDDEN": {"value": "everywhere"},
        "PREDESTROY_LOG": {"description": "A file", "required": True},
    },
    "formation": {"web": {"quantity": 1}, "worker": {"quantity": 2}, "unused": {"quantity": 0}},
    "addons": ["heroku-postgresql:essential-0", {"plan": "heroku-redis:mini"}],
    "environments": {
        "review": {
            "env": {"OVERRIDDEN": {"value": "in review apps"}},
            "scripts": {
                "postdeploy": "echo seeded >> $HOME/seeded",
                "pr-predestroy": "echo $HEROKU_APP_NAME >> $PREDESTROY_LOG",
            },
        }
    },
}
FILES = {
    "Procfile": "release: python release.py\nweb: python web.py\nworker: sleep 1000\nunused: sleep 1000\n",
    "app.json": json.dumps(MANIFEST),
    "requirements.txt": "",
    "release.py": RELEASE,
    "web.py": WEB,
    "version": "1",
}


class Repository:
    """A scratch repository; `commit` adds a commit to a branch and returns its name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch", "main")

    def commit(self, branch: str, files: dict[str, str]) -> str:
        if branch != "main":
            self.git("checkout", "--quiet", "-B", branch, "HEAD")
        for name, text in files.items():
            (self.folder / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "a change")
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()


def echoed(body: bytes) -> dict[str, Any]:
    """Return the facts in an answer of the web process."""
    facts: dict[str, Any] = json.loads(body)
    return facts
