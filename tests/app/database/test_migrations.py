"""Imports of migrations (app/database/migrations.py)."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.settings import SECRETS

ROOT = Path(__file__).parents[3]
SERVING = "import sys; from app import create_app; create_app(); sys.exit('alembic' in sys.modules)"


def test_web_processes_do_not_import_alembic() -> None:
    settings = SECRETS | {"DATABASE_URL": "postgresql://nowhere/x", "REDIS_URL": "redis://127.0.0.1:1/0"}
    done = subprocess.run([sys.executable, "-c", SERVING], cwd=ROOT, env=os.environ | settings, check=False, timeout=60)
    assert done.returncode == 0
