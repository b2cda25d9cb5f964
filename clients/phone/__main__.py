"""The phone's command line: `python -m clients.phone --state FILE new|claim|upload|check|meet|status`.

Exit status: 0 done, 1 stopped (the reason is on standard error), 2 wrong use.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from clients.phone import schedule, state
from clients.phone.crypto import interval_of
from clients.phone.errors import PhoneError, StateError
from clients.phone.phone import Phone, hear
from clients.phone.protocol import Server
from clients.phone.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], None] = options.run
    try:
        run(options)
    except (PhoneError, ValueError, OSError) as error:
        sys.stderr.write(f"phone: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="phone", description="A phone of an exposure-notification service.")
    parser.add_argument("--state", type=Path, required=True, metavar="FILE", help="the phone: one file, made by `new`")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("new", help="make a phone").set_defaults(run=_new)
    claim = commands.add_parser("claim", help="enter a one-time code")
    claim.add_argument("code", metavar="CODE")
    claim.set_defaults(run=_claim)
    upload = commands.add_parser("upload", help="send this phone's keys")
    upload.add_argument("--onset", type=_day, metavar="DATE", help="when symptoms began: keys from 2 days before count")
    upload.set_defaults(run=_upload)
    commands.add_parser("check", help="fetch the published keys and look for a match").set_defaults(run=_check)
    meet = commands.add_parser("meet", help="spend time near another phone; both hear each other")
    meet.add_argument("other", type=Path, metavar="OTHER_STATE")
    meet.add_argument("--minutes", type=int, default=20, help="how long (default: 20)")
    meet.add_argument("--attenuation", type=int, default=45, metavar="DB", help="how far: 45 is near, 70 is far")
    meet.add_argument("--at", type=_moment, metavar="TIME", help="when it began, as 2020-06-23T14:30, UTC")
    meet.set_defaults(run=_meet)
    commands.add_parser("status", help="say what the phone knows").set_defaults(run=_status)
    return parser


def _new(options: argparse.Namespace) -> None:
    if options.state.exists():
        raise StateError(f"{options.state} exists already")
    state.save(state.State(), options.state)
    _say(f"a new phone in {options.state}")


def _claim(options: argparse.Namespace) -> None:
    owner = state.load(options.state)
    _phone(owner).claim(options.code)
    state.save(owner, options.state)
    _say("the code was accepted; `upload` sends the keys")


def _upload(options: argparse.Namespace) -> None:
    owner = state.load(options.state)
    count = _phone(owner).upload(int(time.time()), options.onset)
    state.save(owner, options.state)
    _say(f"{count} keys sent" if count else "nothing to send")


def _check(options: argparse.Namespace) -> None:
    owner = state.load(options.state)
    result = _phone(owner).check(int(time.time()))
    state.save(owner, options.state)
    _say(f"{len(result.periods)} archives read, {result.keys_read} keys")
    for one in sorted(result.exposures, key=lambda exposure: exposure.day):
        near = (one.immediate_seconds + one.near_seconds) // 60
        _say(f"{_date(one.day)}: {near} minutes near, {one.far_seconds // 60} far, risk score {one.score}")
    told = ", ".join(_date(day) for day in result.notified_days)
    _say(f"you have been exposed on {told}" if told else "no exposure to tell of")


def _meet(options: argparse.Namespace) -> None:
    if options.minutes < 1:
        raise ValueError("--minutes must be at least 1")
    if options.other.resolve() == options.state.resolve():
        raise ValueError("a phone cannot meet itself")
    here, there = state.load(options.state), state.load(options.other)
    start = options.at if options.at is not None else int(time.time())
    hear(here, there, start, options.minutes * 60, options.attenuation)
    hear(there, here, start, options.minutes * 60, options.attenuation)
    state.save(here, options.state)
    state.save(there, options.other)
    _say(f"both heard each other for {options.minutes} minutes")


def _status(options: argparse.Namespace) -> None:
    owner = state.load(options.state)
    today = interval_of(int(time.time()))
    _say(f"keys: {len(owner.keys)}, of which {sum(key.end <= today for key in owner.keys)} are over")
    _say(f"sent: {len(owner.uploaded)}")
    _say(f"heard: {len({sighting.rpi for sighting in owner.heard})} identifiers")
    _say(f"one-time code: {'accepted' if owner.key_pair else 'none entered'}")
    _say(f"last check: {_date(owner.last_checked) if owner.last_checked is not None else 'never'}")
    _say(f"told of: {', '.join(_date(day) for day in sorted(owner.notified_days)) or 'nothing'}")


def _phone(owner: state.State) -> Phone:
    return Phone(owner, Server(Settings.from_environ(os.environ)))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * schedule.DAY_SECONDS, UTC).date().isoformat()


def _day(text: str) -> int:
    return _moment(text) // schedule.DAY_SECONDS


def _moment(text: str) -> int:
    """Read a time in unix seconds; one without an offset is UTC, as everything in the protocol."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date or time such as 2020-06-23T14:30") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


if __name__ == "__main__":
    sys.exit(main())
