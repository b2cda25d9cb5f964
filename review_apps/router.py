"""nginx in front of all apps: a host name and a password for each."""

import base64
import hashlib
import os
import secrets
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]

from processes.files import write_private
from review_apps.errors import ReviewAppError
from review_apps.locks import Locks
from review_apps.programs import nginx_account, nginx_command
from review_apps.settings import Settings
from review_apps.state import App

USER: Final = "review"
# Longer than any request may take.
_DRAIN_SECONDS: Final = 35.0
_RELOAD_SECONDS: Final = 30.0
_MOST_REQUESTS: Final = 1_000_000
_POLL_SECONDS: Final = 0.02

_MAIN: Final = """\
daemon off;
pid nginx.pid;
worker_processes 1;
worker_shutdown_timeout {drain:.0f}s;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    # One byte of a file for each request that counts as use of an app.
    log_format used "";
    map $status $is_used {{ default 1; 401 0; }}
    map $http_upgrade $connection_header {{ default upgrade; "" ""; }}
    server_tokens off;
    server_names_hash_bucket_size 128;
    variables_hash_bucket_size 128;
    client_max_body_size 32m;
    client_body_temp_path temporary/body;
    proxy_temp_path temporary/proxy;
    fastcgi_temp_path temporary/fastcgi;
    uwsgi_temp_path temporary/uwsgi;
    scgi_temp_path temporary/scgi;
    {tls}

    # The limits of Heroku's router.
    proxy_connect_timeout 5s;
    proxy_send_timeout 30s;
    proxy_read_timeout 30s;
    proxy_http_version 1.1;
    proxy_hide_header X-Robots-Tag;

    add_header X-Robots-Tag "noindex, nofollow" always;
    server {{
        listen {listen} default_server;
        default_type text/plain;
        return 404 "No review app has this name.\\n";
    }}
    server {{
        listen {listen};
        server_name {domain};
        auth_basic "Review apps";
        auth_basic_user_file host.htpasswd;
        location / {{
            proxy_pass http://127.0.0.1:{keeper};
            proxy_set_header Host $http_host;
            proxy_set_header X-Review-App "";
            proxy_set_header X-Keeper-Key {key};
        }}
    }}
    include apps/*.conf;
}}
"""

# nginx checks the password in `Authorization`. A client that needs that header for the service, such as a health
# authority's, sends the password in X-Review-Password instead. The password never reaches the service.
#
# Where nothing listens at the port, the app sleeps. Then the keeper gets the request without its body. It answers with
# a page, or wakes the app and sends nginx to @awake, which passes the request on as it came.
_APP: Final = """\
map $http_x_review_password ${variable}_realm {{
    default "Review app {name}";
    "{password}" off;
}}
map $http_x_review_password ${variable}_authorization {{
    default "";
    "{password}" $http_authorization;
}}
server {{
    listen {listen};
    server_name {name}.{domain};
    auth_basic ${variable}_realm;
    auth_basic_user_file apps/{name}.htpasswd;
    access_log apps/{name}.requests used if=$is_used;
    proxy_set_header Host $host;
    # nginx appends the client's address on the right of what the client may have sent.
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Request-ID $request_id;
    proxy_set_header X-Review-Password "";
    proxy_set_header Authorization ${variable}_authorization;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_header;
    location / {{
        proxy_pass http://127.0.0.1:{port};
        error_page 502 = @asleep;
    }}
    location @awake {{
        proxy_pass http://127.0.0.1:{port};
    }}
    location @asleep {{
        proxy_pass http://127.0.0.1:{keeper};
        proxy_method GET;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        proxy_set_header Accept $http_accept;
        proxy_set_header Accept-Language $http_accept_language;
        proxy_set_header X-Request-Method $request_method;
        # `-` if no connection could be made, and the app has thus seen nothing of the request.
        proxy_set_header X-Connect-Time $upstream_connect_time;
        proxy_set_header X-Review-App {number};
        proxy_set_header X-Keeper-Key {key};
    }}
}}
"""


@dataclass(frozen=True)
class KeeperAddress:
    """Where the keeper listens, and the key that each of its requests must carry."""

    port: int
    key: str


@dataclass(frozen=True)
class Router:
    """nginx, with its files in `folder`."""

    folder: Path
    settings: Settings
    locks: Locks
    keeper: KeeperAddress

    def prepare(self, password: str) -> None:
        """Write the configuration that does not depend on an app; `password` is the host's. Raises ProcessError."""
        for folder in (self.folder / "apps", self.folder / "temporary"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        nginx_account(self.folder)  # which becomes the owner of the folder
        for folder in (self.folder / "apps", self.folder / "temporary"):
            self._give_to_nginx(folder)
        tls = ""
        if self.settings.certificate:
            pair = (self.settings.certificate, self.settings.certificate_key)
            tls = "ssl_certificate {};\n    ssl_certificate_key {};".format(*pair)
        self._write("host.htpasswd", f"{USER}:{_hashed(password)}\n")
        main = _MAIN.format(
            listen=self._listen,
            domain=self.settings.domain,
            drain=_DRAIN_SECONDS,
            tls=tls,
            keeper=self.keeper.port,
            key=self.keeper.key,
        )
        self._write("nginx.conf", main)

    def route(self, app: App, port: int) -> None:
        """Route an app's host name to a port, and return when requests to its previous port have ended.

        Raises ReviewAppError.
        """
        draft = _APP.format(
            variable=app.role,
            name=app.name,
            number=app.number,
            domain=self.settings.domain,
            password=app.password,
            listen=self._listen,
            port=port,
            keeper=self.keeper.port,
            key=self.keeper.key,
        )
        path = self._entry(app.name)
        with self.locks.host():
            before = path.read_text(encoding="utf-8") if path.exists() else None
            self._write(f"apps/{app.name}.htpasswd", f"{USER}:{_hashed(app.password)}\n")
            self._write(f"apps/{app.name}.conf", draft)
            try:
                workers = self._reload()
            except ReviewAppError:
                if before is None:
                    self._delete(app.name)
                else:
                    self._write(f"apps/{app.name}.conf", before)
                raise
        self._wait_for_end(workers)

    def remove(self, name: str) -> None:
        """Remove an app's host name. Idempotent."""
        with self.locks.host():
            workers = self._reload() if self._delete(name) and self._leader() else set()
        self._wait_for_end(workers)

    def last_use(self, name: str) -> float:
        """Return when the last request to an app ended, in Unix seconds; 0 before the first."""
        path = self.folder / "apps" / f"{name}.requests"
        try:
            used = path.stat()
            if used.st_size > _MOST_REQUESTS:
                os.truncate(path, 0)
                os.utime(path, (used.st_atime, used.st_mtime))
        except FileNotFoundError:
            return 0.0
        return used.st_mtime if used.st_size else 0.0

    def _reload(self) -> set[psutil.Process]:
        """Make nginx read its configuration; return the workers that still use the one before."""
        test = subprocess.run(  # noqa: S603
            nginx_command(self.folder, "-t", "-q"), cwd="/", capture_output=True, text=True, check=False
        )
        if test.returncode != 0:
            raise ReviewAppError(f"nginx refuses its configuration: {test.stderr.strip()}")
        leader = self._leader()
        if leader is None:
            raise ReviewAppError("nginx does not run")
        before = set(leader.children())
        leader.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + _RELOAD_SECONDS
        while not set(leader.children()) - before:
            if time.monotonic() > deadline:
                raise ReviewAppError("nginx does not take its new configuration")
            time.sleep(_POLL_SECONDS)
        return before

    def _wait_for_end(self, workers: set[psutil.Process]) -> None:
        """Return when no request is served with an older configuration."""
        deadline = time.monotonic() + _DRAIN_SECONDS + 5
        while any(map(_runs, workers)):
            if time.monotonic() > deadline:
                raise ReviewAppError("nginx does not end its old workers")
            time.sleep(_POLL_SECONDS)

    @property
    def _listen(self) -> str:
        return self.settings.listen + (" ssl" if self.settings.certificate else "")

    def _entry(self, name: str) -> Path:
        return self.folder / "apps" / f"{name}.conf"

    def _delete(self, name: str) -> bool:
        path = self._entry(name)
        existed = path.exists()
        for each in (path, path.with_suffix(".htpasswd"), path.with_suffix(".requests")):
            each.unlink(missing_ok=True)
        return existed

    def _leader(self) -> "psutil.Process | None":
        try:
            return psutil.Process(int((self.folder / "nginx.pid").read_text()))
        except (OSError, ValueError, psutil.NoSuchProcess):
            return None

    def _write(self, name: str, text: str) -> None:
        write_private(self.folder / name, text)
        self._give_to_nginx(self.folder / name)

    def _give_to_nginx(self, path: Path) -> None:
        """Make the user that nginx runs as, who owns the folder, the owner of a file."""
        if os.geteuid() == 0:
            owner = self.folder.stat()
            os.chown(path, owner.st_uid, owner.st_gid)


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _hashed(password: str) -> str:
    """Return a password in the form that nginx compares. It is long and random, so a fast hash is enough."""
    salt = secrets.token_bytes(8)
    digest = hashlib.sha1(password.encode() + salt, usedforsecurity=False).digest()
    return "{SSHA}" + base64.b64encode(digest + salt).decode()
