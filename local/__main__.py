"""Start the service on this host: `python -m local`, which is what `make run` runs."""

import argparse
import os
import sys
from pathlib import Path

from local.service import Service
from processes.errors import ProcessError
from processes.lock import single_instance
from processes.supervisor import StopRequestedError

_ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run the service until a signal asks it to stop; return the exit code of the process."""
    options = _options()
    directory = options.directory.resolve()
    if not os.environ.get("DATABASE_URL"):
        _forget_other_databases()
    try:
        with single_instance(directory):
            Service(directory, options.procfile.resolve(), os.environ).run()
    except (StopRequestedError, KeyboardInterrupt):
        return 0
    except ProcessError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.filename or directory}: {error.strerror}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local", description="Run the whole service on this host.")
    parser.add_argument(
        "--directory", type=Path, default=_ROOT / "var", help="folder for data and secrets (default: var)"
    )
    parser.add_argument(
        "--procfile", type=Path, default=_ROOT / "Procfile", help="commands of the processes (default: Procfile)"
    )
    return parser.parse_args()


def _forget_other_databases() -> None:
    """Remove variables of libpq, such as PGSSLMODE=require, which the embedded PostgreSQL would not satisfy."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


def _fail(reason: str) -> int:
    print(reason, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
