"""`python -m deploy.compose.release`: migrates the database, and then gives each role its rights."""

import os
import subprocess
import sys

from deploy.compose.prepare import SETTINGS
from deploy.host.backup import psql
from deploy.host.database import grants_sql


def main() -> int:
    """Migrate and grant; return the exit status. Raises CalledProcessError if PostgreSQL refuses a right."""
    done = subprocess.run(["bin/process", "release"], check=False)
    if done.returncode == 0:
        psql(os.environ, grants_sql(SETTINGS))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
