"""The process that starts the workers of granian (app/web/server.py)."""

import subprocess
import sys

IMPORTED = "import sys, app.web.server; print(*{'flask', 'sqlalchemy', 'redis'} & set(sys.modules))"


def test_it_loads_nothing_that_only_the_workers_need() -> None:
    """Each copy of Flask takes 9 MB of memory, and a third of the time that this process takes to start."""
    assert subprocess.run([sys.executable, "-c", IMPORTED], check=True, capture_output=True, text=True).stdout == "\n"
