"""CPU time of a code, a claim and an upload by layer of the application: `python -m bench.layers`.

One thread of this process repeats each operation at several depths: the whole application as a web server calls it, the
service below Flask, the statement as the store sends it, and the same statement through psycopg2 alone. The cost of a
layer is the difference between two depths. The time of PostgreSQL and of the web server is not included: see
`python -m bench`.
"""

import argparse
import contextlib
import functools
import io
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from flask import Flask

from app import create_app
from app.config import Settings
from app.database.database import Database
from app.database.migrations import migrate_database
from app.domain.claims import ClaimRequest
from app.proto import codec
from app.store import uploads
from app.submission.service import Submission
from bench import patients, stock
from bench.floors import statements
from bench.recorder import Sent, recorded
from bench.stopping import stop_in_order_on_sigterm
from clients.phone.protocol import claim_message
from local.secrets import first_claim_token, load_secrets
from processes.postgres import EmbeddedPostgres

_KEYS: Final = 14
_MILLISECONDS: Final = 1000


@dataclass(frozen=True)
class Environment:
    """The application with its database and settings."""

    app: Flask
    settings: Settings
    database: Database
    url: str
    token: str

    @property
    def submission(self) -> Submission:
        """The service of submission."""
        return self.app.context.submission  # type: ignore[attr-defined,no-any-return]


# A depth prepares a number of operations; each is then run once.
Work = Sequence[Callable[[], object]]
Depth = Callable[[Environment, int], Work]


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.layers", description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="operations in a measurement: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each: %(default)s")
    options = parser.parse_args()
    stop_in_order_on_sigterm()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="exposure-alert-layers-")))
        postgres = stack.enter_context(EmbeddedPostgres(folder / "postgres"))
        # The log is formatted as usual, and written to the null device.
        nowhere = stack.enter_context(Path(os.devnull).open("w"))
        stack.enter_context(contextlib.redirect_stderr(nowhere))
        environment = _make_environment(postgres.url, folder)
        stack.callback(environment.database.dispose)
        for kind, depths in KINDS.items():
            sys.stdout.write(_table(kind, _measure(environment, depths, options.count, options.rounds)))
    return 0


def _make_environment(url: str, folder: Path) -> Environment:
    kept = load_secrets(folder / "secrets.env", {})
    variables = {**kept, "DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:1/0", "TRUSTED_PROXIES": "1"}
    settings = Settings.from_environment({**variables, "SURFACES": "submission"})
    app = create_app(settings)
    migrate_database(app)
    return Environment(app, settings, app.context.database, url, first_claim_token(kept))


def _measure(environment: Environment, depths: Mapping[str, Depth], count: int, rounds: int) -> dict[str, float]:
    """Return the median CPU time of an operation at each depth, in milliseconds. Depths take turns."""
    samples: dict[str, list[float]] = {name: [] for name in depths}
    for number in range(rounds + 1):
        for name, depth in depths.items():
            work = depth(environment, count)
            began = time.process_time()
            for piece in work:
                piece()
            if number:  # the first round warms up
                samples[name].append((time.process_time() - began) / count * _MILLISECONDS)
    return {name: statistics.median(measured) for name, measured in samples.items()}


def _table(kind: str, measured: Mapping[str, float]) -> str:
    """Return a table of the time of each depth, and of the layers between it and the next."""
    names = list(measured)
    lines = [f"\n{kind}: milliseconds of processor time", f"{'depth':<44}{'total':>8}{'own':>14}"]
    for name, deeper in zip(names, [*names[1:], None], strict=True):
        itself = measured[name] - (measured[deeper] if deeper else 0.0)
        lines.append(f"{name:<44}{measured[name]:>8.3f}{itself:>14.3f}")
    return "\n".join(lines) + "\n"


def _requests(environment: Environment, path: str, bodies: Sequence[bytes]) -> Work:
    """Return calls of the whole application, as a web server makes them."""
    application = environment.app.wsgi_app

    def call(body: bytes) -> Callable[[], object]:
        name, address = patients.random_network()
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_AUTHORIZATION": f"Bearer {environment.token}",
            f"HTTP_{name.upper().replace('-', '_')}": address,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
            "wsgi.version": (1, 0),
        }
        return lambda: _expect_ok(application, environ)

    return [call(body) for body in bodies]


def _expect_ok(application: Callable[..., Any], environ: dict[str, Any]) -> None:
    def start(status: str, headers: object, *_: object) -> None:  # noqa: ARG001 - the signature is WSGI's
        if not status.startswith("200"):
            raise ValueError(f"the application answered {status}")

    b"".join(application(environ, start))


def _as_the_store_sends_them(environment: Environment, groups: Sequence[Sequence[Sent]]) -> Work:
    def run(group: Sequence[Sent]) -> None:
        for each in group:
            environment.database.prepared.execute(each.statement, each.values)

    return [functools.partial(run, group) for group in groups]


def _bare(environment: Environment, groups: Sequence[Sequence[Sent]]) -> Work:
    cursor = stock.connect(environment.url).cursor()  # closed by garbage collection after the measurement
    for part in {part for each in groups[0] for part in each.statement.parts}:
        cursor.execute(part.prepare_sql)

    def run(group: Sequence[Sent]) -> None:
        for each in group:
            cursor.execute(each.statement.prepared, each.values)
            cursor.fetchall()

    return [functools.partial(run, group) for group in groups]


def _code_requests(environment: Environment, count: int) -> Work:
    return _requests(environment, "/new-key-claim", [b""] * count)


def _code_services(environment: Environment, count: int) -> Work:
    return [functools.partial(environment.submission.codes.issue, stock.LABEL, None, datetime.now(UTC))] * count


def _claim_requests(environment: Environment, count: int) -> Work:
    codes = stock.add_codes(environment.url, count)
    return _requests(environment, "/claim-key", [claim_message(code, secrets.token_bytes(32)) for code in codes])


def _claim_services(environment: Environment, count: int) -> Work:
    now, claim = datetime.now(UTC), environment.submission.claims.claim
    requests = [ClaimRequest(code, secrets.token_bytes(32)) for code in stock.add_codes(environment.url, count)]
    return [functools.partial(claim, request, patients.random_network()[1], now) for request in requests]


def _upload_bodies(environment: Environment, count: int) -> list[bytes]:
    pairs, server_private_keys = patients.new_pairs(count)
    stock.add_pairs(environment.url, environment.settings.submission.sealing_keys[0], pairs, server_private_keys)
    return [patients.upload_body(pair, _KEYS) for pair in pairs]


def _upload_requests(environment: Environment, count: int) -> Work:
    return _requests(environment, "/upload", _upload_bodies(environment, count))


def _upload_services(environment: Environment, count: int) -> Work:
    now, accept = datetime.now(UTC), environment.submission.uploads.accept
    messages = [codec.decode_encrypted_upload(body) for body in _upload_bodies(environment, count)]
    return [functools.partial(accept, upload, now) for upload in messages]


def _code_statements(_: Environment, count: int) -> list[list[Sent]]:
    return [[statement] for statement in statements.code_statements(count)]


def _claim_statements(environment: Environment, count: int) -> list[list[Sent]]:
    return [[statement] for statement in statements.claim_statements(environment.settings, environment.url, count)]


def _upload_statements(environment: Environment, count: int) -> list[list[Sent]]:
    stored = statements.upload_statements(
        environment.url, environment.settings.submission.sealing_keys[0], count, _KEYS
    )
    return [[_find_pair(statement.values), statement] for statement in stored]


def _find_pair(values: Mapping[str, Any]) -> Sent:
    return recorded(
        lambda connection: uploads.find_pair(connection, values["server_public_key"], values["oldest_pair"])
    )


def _depths(
    requests: Depth, services: Depth, prepared: Callable[[Environment, int], Sequence[Sequence[Sent]]]
) -> dict[str, Depth]:
    return {
        "application (Flask, log, HTTP and messages)": requests,
        "service (cryptography, rules)": services,
        "statements with the pool": lambda environment, count: _as_the_store_sends_them(
            environment, prepared(environment, count)
        ),
        "statements through psycopg2 alone": lambda environment, count: _bare(
            environment, prepared(environment, count)
        ),
    }


KINDS: Final[Mapping[str, Mapping[str, Depth]]] = {
    "code": _depths(_code_requests, _code_services, _code_statements),
    "claim": _depths(_claim_requests, _claim_services, _claim_statements),
    f"upload of {_KEYS} keys": _depths(_upload_requests, _upload_services, _upload_statements),
}


if __name__ == "__main__":
    sys.exit(main())
