"""The address of the database as variables of PostgreSQL's own programs (bin/postgres-environment)."""

import os
import subprocess

import pytest

from tests.guards.source import ROOT


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("postgres://u:p%40@[::1]:6432/n?sslmode=require", {"HOST": "::1", "PASSWORD": "p@", "SSLMODE": "require"}),
        ("postgresql+psycopg2://u:p@one:1,two:2/n?target_session_attrs=any", {"HOST": "one,two", "PORT": "1,2"}),
        ("postgres://u:p@one:1,two:2/n?target_session_attrs=any", {"TARGETSESSIONATTRS": "any", "DATABASE": "n"}),
        ("postgres://u@/n?host=/run/a&connect_timeout=3", {"HOST": "/run/a", "CONNECT_TIMEOUT": "3"}),
        ("postgres://u@h/n?application_name=me&ssl_min_protocol_version=TLSv1.3", {"APPNAME": "me"}),
    ],
)
def test_every_part_of_an_address_has_the_name_that_libpq_reads(address: str, expected: dict[str, str]) -> None:
    script = ". bin/postgres-environment && env"
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": address}
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    given = dict(line.split("=", 1) for line in done.stdout.splitlines() if line.startswith("PG"))
    assert {f"PG{name}": value for name, value in expected.items()}.items() <= given.items()
