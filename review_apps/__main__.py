"""The command line: `review-app open|update|close|list|show|logs|run|…`."""

import signal
import sys

import psycopg2

from processes.errors import ProcessError
from review_apps import commands
from review_apps.errors import ReviewAppError
from review_apps.host import Host
from review_apps.parser import make_parser
from review_apps.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return the exit status."""
    options = make_parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a stopped command cleans up
    try:
        home = options.home.resolve()
        host = Host(Settings.read(home), lambda line: print(line, file=sys.stderr, flush=True))
        return int(getattr(commands, options.command)(host, options) or 0)
    except (ReviewAppError, ProcessError) as error:
        print(error, file=sys.stderr)
    except psycopg2.Error as error:
        print(f"PostgreSQL: {error}".strip(), file=sys.stderr)
    except BrokenPipeError:
        sys.stderr.close()  # such as `review-app logs 12 | head`
    except OSError as error:
        print(f"{error.filename}: {error.strerror}" if error.filename else error.strerror, file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
