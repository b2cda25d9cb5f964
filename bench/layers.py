"""Where the processor time of a code, a claim and an upload goes: `python -m bench.layers`.

Each is done over and over by one thread, in this process, at several depths: the whole application as a web server
calls it, the service below Flask, the statement as the store sends it, and the same statement through psycopg2
alone. What a layer costs is the difference between two depths. PostgreSQL's own time is not in it, nor the web
server's, which `python -m bench` shows.
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
from app.crypto.sealing import SealingRing
from app.database.database import Database
from app.database.migrations import migrate_database
from app.domain.claims import ClaimRequest
from app.proto import codec
from app.store import uploads
from app.submission.claims import claim_key
from app.submission.codes import issue_code
from app.submission.uploads import accept_upload
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
class Place:
    """The application, and what it stands on."""

    app: Flask
    settings: Settings
    database: Database
    url: str
    token: str


# A depth prepares so many pieces of work; each is then done once.
Work = Sequence[Callable[[], object]]
Depth = Callable[[Place, int], Work]


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.layers", description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="pieces of work in a measurement: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each: %(default)s")
    options = parser.parse_args()
    stop_in_order_on_sigterm()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="exposure-alert-layers-")))
        postgres = stack.enter_context(EmbeddedPostgres(folder / "postgres"))
        # The log is written as always, to where writing costs next to nothing.
        nowhere = stack.enter_context(Path(os.devnull).open("w"))
        stack.enter_context(contextlib.redirect_stderr(nowhere))
        place = _place(postgres.url, folder)
        stack.callback(place.database.dispose)
        for kind, depths in KINDS.items():
            sys.stdout.write(_table(kind, _measure(place, depths, options.count, options.rounds)))
    return 0


def _place(url: str, folder: Path) -> Place:
    kept = load_secrets(folder / "secrets.env", {})
    environment = {**kept, "DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:1/0", "TRUSTED_PROXIES": "1"}
    settings = Settings.from_environment({**environment, "SURFACES": "submission"})
    app = create_app(settings)
    migrate_database(app)
    return Place(app, settings, app.context.database, url, first_claim_token(kept))


def _measure(place: Place, depths: Mapping[str, Depth], count: int, rounds: int) -> dict[str, float]:
    """Return the milliseconds that a piece of work takes of this process at each depth, in turn, and the median."""
    samples: dict[str, list[float]] = {name: [] for name in depths}
    for number in range(rounds + 1):
        for name, depth in depths.items():
            work = depth(place, count)
            began = time.process_time()
            for piece in work:
                piece()
            if number:  # the first round warms up
                samples[name].append((time.process_time() - began) / count * _MILLISECONDS)
    return {name: statistics.median(measured) for name, measured in samples.items()}


def _table(kind: str, measured: Mapping[str, float]) -> str:
    """Return what each depth takes, and what the layers between it and the next one take."""
    names = list(measured)
    lines = [f"\n{kind}: milliseconds of processor time", f"{'depth':<44}{'in all':>8}{'of it itself':>14}"]
    for name, deeper in zip(names, [*names[1:], None], strict=True):
        itself = measured[name] - (measured[deeper] if deeper else 0.0)
        lines.append(f"{name:<44}{measured[name]:>8.3f}{itself:>14.3f}")
    return "\n".join(lines) + "\n"


def _requests(place: Place, path: str, bodies: Sequence[bytes]) -> Work:
    """Return calls of the whole application, as a web server makes them."""
    application = place.app.wsgi_app

    def call(body: bytes) -> Callable[[], object]:
        name, address = patients.somebody()
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_AUTHORIZATION": f"Bearer {place.token}",
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


def _as_the_store_sends_them(place: Place, groups: Sequence[Sequence[Sent]]) -> Work:
    def run(group: Sequence[Sent]) -> None:
        for each in group:
            place.database.prepared.execute(each.statement, each.values)

    return [functools.partial(run, group) for group in groups]


def _bare(place: Place, groups: Sequence[Sequence[Sent]]) -> Work:
    cursor = stock.connect(place.url).cursor()  # closed with the garbage, after the measurement
    for part in {part for each in groups[0] for part in each.statement.parts}:
        cursor.execute(part.prepare_sql)

    def run(group: Sequence[Sent]) -> None:
        for each in group:
            cursor.execute(each.statement.prepared, each.values)
            cursor.fetchall()

    return [functools.partial(run, group) for group in groups]


def _code_requests(place: Place, count: int) -> Work:
    return _requests(place, "/new-key-claim", [b""] * count)


def _code_services(place: Place, count: int) -> Work:
    ring = SealingRing(place.settings.submission.sealing_keys)
    issue = functools.partial(issue_code, place.database, place.settings, ring, stock.LABEL, None, datetime.now(UTC))
    return [issue] * count


def _claim_requests(place: Place, count: int) -> Work:
    codes = stock.add_codes(place.url, count)
    return _requests(place, "/claim-key", [claim_message(code, secrets.token_bytes(32)) for code in codes])


def _claim_services(place: Place, count: int) -> Work:
    now, ring = datetime.now(UTC), SealingRing(place.settings.submission.sealing_keys)
    requests = [ClaimRequest(code, secrets.token_bytes(32)) for code in stock.add_codes(place.url, count)]
    return [
        functools.partial(claim_key, place.database, place.settings, ring, request, patients.somebody()[1], now)
        for request in requests
    ]


def _upload_bodies(place: Place, count: int) -> list[bytes]:
    pairs, server_private_keys = patients.new_pairs(count)
    stock.add_pairs(place.url, place.settings.submission.sealing_keys[0], pairs, server_private_keys)
    return [patients.upload_body(pair, _KEYS) for pair in pairs]


def _upload_requests(place: Place, count: int) -> Work:
    return _requests(place, "/upload", _upload_bodies(place, count))


def _upload_services(place: Place, count: int) -> Work:
    now, ring = datetime.now(UTC), SealingRing(place.settings.submission.sealing_keys)
    opened = [codec.decode_encrypted_upload(body) for body in _upload_bodies(place, count)]
    return [functools.partial(accept_upload, place.database, place.settings, ring, upload, now) for upload in opened]


def _code_statements(_: Place, count: int) -> list[list[Sent]]:
    return [[statement] for statement in statements.code_statements(count)]


def _claim_statements(place: Place, count: int) -> list[list[Sent]]:
    return [[statement] for statement in statements.claim_statements(place.settings, place.url, count)]


def _upload_statements(place: Place, count: int) -> list[list[Sent]]:
    stored = statements.upload_statements(place.url, place.settings.submission.sealing_keys[0], count, _KEYS)
    return [[_find_pair(statement.values), statement] for statement in stored]


def _find_pair(values: Mapping[str, Any]) -> Sent:
    return recorded(
        lambda connection: uploads.find_pair(connection, values["server_public_key"], values["oldest_pair"])
    )


def _depths(
    requests: Depth, services: Depth, prepared: Callable[[Place, int], Sequence[Sequence[Sent]]]
) -> dict[str, Depth]:
    return {
        "application (Flask, log, HTTP and messages)": requests,
        "service (cryptography, rules)": services,
        "statements with the pool": lambda place, count: _as_the_store_sends_them(place, prepared(place, count)),
        "statements through psycopg2 alone": lambda place, count: _bare(place, prepared(place, count)),
    }


KINDS: Final[Mapping[str, Mapping[str, Depth]]] = {
    "code": _depths(_code_requests, _code_services, _code_statements),
    "claim": _depths(_claim_requests, _claim_services, _claim_statements),
    f"upload of {_KEYS} keys": _depths(_upload_requests, _upload_services, _upload_statements),
}


if __name__ == "__main__":
    sys.exit(main())
