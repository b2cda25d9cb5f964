"""The command line: how much to measure, and which servers."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.context import Options
from bench.target import Target
from bench.usage import Watched

_AGAINST: Final = "--against"
_RESULTS: Final = Path(__file__).parent / "results"
_USAGE: Final = "python -m bench [options] [server] [--against NAME server]…"
_SERVER_HELP: Final = """
server: a running server, measured instead of our own or, after --against NAME, in comparison with it:
  --submission-url URL     where codes, claims and uploads go; begins with http://
  --retrieval-url URL      where downloads go; by default the same
  --token TOKEN            a token that may issue codes; else BENCH_TOKEN
  --hmac-key HEX           the key of download codes; else BENCH_HMAC_KEY
  --region CODE            its region code: 302
  --server-pid PID         root of its processes, if they run on this machine; may be repeated
  --database-pid PID       root of its database's processes; may be repeated
"""


@dataclass(frozen=True)
class Arguments:
    """The parsed command line. `replaces_own`: the first server is measured instead of our own."""

    options: Options
    results: Path
    servers: Sequence[Target]
    replaces_own: bool


def parse(arguments: Sequence[str]) -> Arguments:
    """Parse the command line; exit with a message on a mistake."""
    first, *others = _split(arguments)
    parser = _general_parser()
    general, of_server = parser.parse_known_args(first)
    servers = [_server("server", of_server)] if of_server else []
    for other in others:
        if not other or other[0].startswith("-"):
            parser.error(f"{_AGAINST} needs a name")
        servers.append(_server(other[0], other[1:]))
    options = Options(
        seconds=general.seconds,
        rounds=general.rounds,
        warm_up_seconds=general.warm_up,
        rate=general.rate,
        keys_per_day=general.keys_per_day,
        archive_sizes=general.archive_sizes,
        only=tuple(general.only),
    )
    return Arguments(options, general.results, servers, replaces_own=bool(of_server))


def _split(arguments: Sequence[str]) -> list[list[str]]:
    """Split the command line at each --against."""
    parts: list[list[str]] = [[]]
    for argument in arguments:
        if argument == _AGAINST:
            parts.append([])
        else:
            parts[-1].append(argument)
    return parts


def _general_parser() -> argparse.ArgumentParser:
    defaults = Options()
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        usage=_USAGE,
        description="Measure our server, or any other that speaks the protocol.",
        epilog=_SERVER_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--seconds", type=float, default=defaults.seconds, help="of each measurement: %(default)s")
    parser.add_argument("--rounds", type=int, default=defaults.rounds, help="measurements of each: %(default)s")
    parser.add_argument("--warm-up", type=float, default=defaults.warm_up_seconds, help="seconds: %(default)s")
    parser.add_argument("--rate", type=int, default=defaults.rate, help="of the mixed day, a second: %(default)s")
    parser.add_argument("--keys-per-day", type=int, default=defaults.keys_per_day, help="stored: %(default)s")
    parser.add_argument(
        "--archive-sizes",
        type=int,
        nargs="+",
        default=defaults.archive_sizes,
        help="keys of the archives that are built",
    )
    parser.add_argument("--only", action="append", default=[], help="scenarios that begin so; may be repeated")
    parser.add_argument("--results", type=Path, default=_RESULTS, help="folder of the results: bench/results")
    return parser


def _server(name: str, arguments: Sequence[str]) -> Target:
    parser = argparse.ArgumentParser(prog=f"python -m bench … {name}", usage=_USAGE, allow_abbrev=False, add_help=False)
    parser.add_argument("--submission-url", required=True)
    parser.add_argument("--retrieval-url", default="")
    parser.add_argument("--token", default=os.environ.get("BENCH_TOKEN", ""))
    parser.add_argument("--hmac-key", type=bytes.fromhex, default=os.environ.get("BENCH_HMAC_KEY", ""))
    parser.add_argument("--region", default="302")
    parser.add_argument("--server-pid", type=int, action="append", default=[])
    parser.add_argument("--database-pid", type=int, action="append", default=[])
    parsed = parser.parse_args(arguments)
    return Target(
        name=name,
        submission_url=parsed.submission_url.rstrip("/"),
        retrieval_url=(parsed.retrieval_url or parsed.submission_url).rstrip("/"),
        token=parsed.token,
        hmac_key=parsed.hmac_key,
        region=parsed.region,
        watched=Watched(tuple(parsed.server_pid), tuple(parsed.database_pid)),
    )
