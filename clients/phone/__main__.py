"""The phone's command line: `python -m clients.phone --state PHONE new|claim|upload|check|meet|status`.

PHONE is a name, whose file is in var/phones, or a path. The exit status is 0 when done and 2 for wrong use; each reason
to stop has one of its own (`clients.phone.errors.ExitStatus`), and one line on standard error.
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
from clients.phone.errors import ExitStatus, PhoneError, StateError
from clients.phone.phone import Phone, receive
from clients.phone.protocol import Server
from clients.phone.settings import Settings

PHONES = Path(__file__).parents[2] / "var" / "phones"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], None] = options.run
    try:
        run(options)
    except PhoneError as error:
        _warn(str(error))
        return error.exit_status
    except (ValueError, OSError) as error:
        _warn(str(error))
        return ExitStatus.FAILED
    return ExitStatus.DONE


def state_path(phone: str) -> Path:
    """Return the file of a phone. A name, such as `patient`, is a file that git ignores: it holds private keys."""
    return Path(phone) if "/" in phone or phone.endswith(".json") else PHONES / f"{phone}.json"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="phone", description="A phone of an exposure-notification service.")
    parser.add_argument(
        "--state",
        type=state_path,
        default="phone",
        metavar="PHONE",
        help="a name, for a file in var/phones, or the path of a file; default: %(default)s",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    new = commands.add_parser("new", help="make a phone")
    new.add_argument("--replace", action="store_true", help="delete the phone that is there")
    new.set_defaults(run=_new)
    claim = commands.add_parser("claim", help="enter a one-time code")
    claim.add_argument("code", metavar="CODE")
    claim.set_defaults(run=_claim)
    upload = commands.add_parser("upload", help="send the phone's keys")
    upload.add_argument(
        "--onset", type=_day, metavar="DATE", help="first day of symptoms; keys from 2 days before it are sent"
    )
    upload.set_defaults(run=_upload)
    commands.add_parser("check", help="fetch the published keys and look for a match").set_defaults(run=_check)
    meet = commands.add_parser("meet", help="spend time near another phone")
    meet.add_argument("other", type=state_path, metavar="OTHER_PHONE")
    meet.add_argument("--minutes", type=int, default=20, help="how long (default: 20)")
    meet.add_argument("--attenuation", type=int, default=45, metavar="DB", help="signal loss: 45 is near, 70 is far")
    meet.add_argument("--at", type=_moment, metavar="TIME", help="when it began, such as 2020-06-23T14:30, UTC")
    meet.set_defaults(run=_meet)
    commands.add_parser("status", help="show what the phone has stored").set_defaults(run=_status)
    return parser


def _new(options: argparse.Namespace) -> None:
    if options.state.exists() and not options.replace:
        raise StateError(f"{options.state} exists already; `new --replace` deletes it and makes a new phone")
    options.state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    state.save(state.State(), options.state)
    _print(f"a new phone in {options.state}")


def _claim(options: argparse.Namespace) -> None:
    owner = state.load(options.state)
    _phone(owner).claim(options.code)
    state.save(owner, options.state)
    _print("the code was accepted; `upload` sends the keys")


def _upload(options: argparse.Namespace) -> None:
    owner = state.load(options.state)
    count = _phone(owner).upload(int(time.time()), options.onset)
    state.save(owner, options.state)
    _print(f"{count} {'key' if count == 1 else 'keys'} sent" if count else "no keys to send")


def _check(options: argparse.Namespace) -> None:
    owner = state.load(options.state)
    result = _phone(owner).check(int(time.time()))
    state.save(owner, options.state)
    _print(f"archives read: {len(result.periods)}; keys in them: {result.keys_read}")
    for one in sorted(result.exposures, key=lambda exposure: exposure.day):
        near = (one.immediate_seconds + one.near_seconds) // 60
        _print(f"{_date(one.day)}: {near} minutes near, {one.far_seconds // 60} far, risk score {one.score}")
    days = ", ".join(_date(day) for day in result.notified_days)
    _print(f"you have been exposed on {days}" if days else "no exposure found")


def _meet(options: argparse.Namespace) -> None:
    if options.minutes < 1:
        raise ValueError("--minutes must be at least 1")
    if options.other.resolve() == options.state.resolve():
        raise ValueError("a phone cannot meet itself")
    here, there = state.load(options.state), state.load(options.other)
    start = options.at if options.at is not None else int(time.time())
    receive(here, there, start, options.minutes * 60, options.attenuation)
    receive(there, here, start, options.minutes * 60, options.attenuation)
    state.save(here, options.state)
    state.save(there, options.other)
    _print(f"the phones were near each other for {options.minutes} minutes")


def _status(options: argparse.Namespace) -> None:
    owner = state.load(options.state)
    today = interval_of(int(time.time()))
    _print(f"keys: {len(owner.keys)}, of which {sum(key.end <= today for key in owner.keys)} have ended")
    _print(f"sent: {len(owner.uploaded)}")
    _print(f"received: {len({reception.rpi for reception in owner.received})} identifiers")
    _print(f"one-time code: {'accepted' if owner.key_pair else 'none entered'}")
    _print(f"last check: {_date(owner.last_checked) if owner.last_checked is not None else 'never'}")
    _print(f"notified of: {', '.join(_date(day) for day in sorted(owner.notified_days)) or 'nothing'}")


def _phone(owner: state.State) -> Phone:
    return Phone(owner, Server(Settings.from_environ(os.environ)), warn=_warn)


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


def _warn(line: str) -> None:
    sys.stderr.write(f"phone: {line}\n")


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * schedule.DAY_SECONDS, UTC).date().isoformat()


def _day(text: str) -> int:
    return _moment(text) // schedule.DAY_SECONDS


def _moment(text: str) -> int:
    """Return a time in unix seconds; one without an offset is UTC, as all times of the protocol."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date or time such as 2020-06-23T14:30") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


if __name__ == "__main__":
    sys.exit(main())
