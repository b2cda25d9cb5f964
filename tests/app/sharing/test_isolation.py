"""Sharing and the others: it imports nothing of the portal, and processes for phones import nothing of it."""

import subprocess
import sys

from tests.guards.source import ROOT, modules, offenders
from tests.support.settings import SECRETS

_PROGRAM = """
import sys
from app import create_app
create_app()
print(*sorted(name for name in sys.modules if name.startswith(("app.sharing", "app.store.shared_secrets"))))
"""


def test_sharing_imports_nothing_of_the_portal() -> None:
    shared = [module for module in modules("app.sharing") if module.name.startswith("app.sharing")]
    assert shared
    assert offenders(shared, lambda module: module.imported_from("app.portal")) == []


def test_processes_for_phones_import_nothing_of_sharing() -> None:
    urls = {"DATABASE_URL": "postgresql://nobody@127.0.0.1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], cwd=ROOT, env=SECRETS | urls, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
