"""Data of a surface that was removed: the commands of the guide delete them, and nothing else."""

import re
import subprocess
from collections.abc import Callable

from tests.deploy_host.hosts import ROOT
from tests.support.programs import psql_program
from tests.support.service import Service

ROWS = """
    INSERT INTO portal_used_challenges VALUES (decode('00', 'hex'), now());
    INSERT INTO shared_secret_receipts (receipt_digest, expires) VALUES (decode(repeat('00', 32), 'hex'), now());
"""
COUNTS = """
    SELECT (SELECT count(*) FROM portal_used_challenges), (SELECT count(*) FROM shared_secret_receipts),
        (SELECT count(*) FROM encryption_keys)
"""


def test_the_commands_of_the_guide_delete_the_data_of_the_portal_and_of_sharing(
    make_service: Callable[..., Service], database_url: str
) -> None:
    service = make_service()
    service.issue()
    service.execute(ROWS)
    assert service.rows(COUNTS) == [(1, 1, 1)]
    guide = (ROOT / "docs" / "host.md").read_text(encoding="utf-8").partition("**Removing a surface**")[2]
    block = re.search(r"<<'END'\n(.+?)^END$", guide, re.DOTALL | re.MULTILINE)
    assert block is not None
    psql = [psql_program(), "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--dbname={database_url}"]
    done = subprocess.run(psql, input=block[1], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert service.rows(COUNTS) == [(0, 0, 1)]
