"""Share, read and request secrets from a terminal.

    echo "the password" | python -m clients.secret share --service https://share.example.org
    python -m clients.secret read 'https://share.example.org/share/open#s1.…'
    python -m clients.secret request --service https://share.example.org
    python -m clients.secret status 'https://share.example.org/share/receipt#t1.…'

Secrets are read from standard input or a file, never from an argument, which other users of the host could see.
"""

import argparse
import getpass
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from secrets import token_bytes
from typing import Final

from clients.secret import envelope, links
from clients.secret.content import FILE, TEXT, Content
from clients.secret.envelope import SECRET_BYTES, Choices
from clients.secret.errors import SecretError, TemporaryError
from clients.secret.links import ReceiptLink, RequestLink, SecretLink
from clients.secret.service import SharingService

_HOUR: Final = 3600
LIFETIMES: Final = {
    "5m": 300,
    "30m": 1800,
    "1h": _HOUR,
    "4h": 4 * _HOUR,
    "12h": 12 * _HOUR,
    "1d": 24 * _HOUR,
    "3d": 72 * _HOUR,
    "7d": 168 * _HOUR,
}
_POLL_SECONDS: Final = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except SecretError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m clients.secret", description="Pass on a secret, once.")
    commands = parser.add_subparsers(required=True)

    share = commands.add_parser("share", help="seal standard input or a file; print the link and the receipt")
    share.add_argument("--service", default=os.environ.get("SHARING_URL", ""), help="default: SHARING_URL")
    share.add_argument("--for", dest="request", metavar="LINK", help="answer a request instead of making a link")
    share.add_argument("--file", type=Path, help="share this file, with its name")
    share.add_argument("--lifetime", choices=LIFETIMES, default="1h", help="default: %(default)s")
    share.add_argument("--passphrase", action="store_true", help="ask for a passphrase that the reader will need, too")
    share.set_defaults(run=_share)

    read = commands.add_parser("read", help="open a link, once, and print the text or write the file")
    read.add_argument("link", help="`-` reads it from standard input")
    read.add_argument("--output", type=Path, help="write to this file; default for a file: its name, in this folder")
    read.set_defaults(run=_read)

    request = commands.add_parser("request", help="print a link for the sender, wait for the answer, and print it")
    request.add_argument("--service", default=os.environ.get("SHARING_URL", ""), help="default: SHARING_URL")
    request.add_argument("--lifetime", choices=LIFETIMES, default="1h", help="how long to wait; default: %(default)s")
    request.add_argument("--output", type=Path, help="write to this file")
    request.add_argument("--interval", type=float, default=_POLL_SECONDS, help=argparse.SUPPRESS)
    request.set_defaults(run=_request)

    for name, run, help_text in (
        ("status", _status, "print what became of a secret"),
        ("withdraw", _withdraw, "delete a secret that was not read yet"),
    ):
        command = commands.add_parser(name, help=help_text)
        command.add_argument("receipt", help="the link of the receipt")
        command.set_defaults(run=run)
    return parser


def _share(options: argparse.Namespace) -> None:
    content, lifetime = _content(options.file), LIFETIMES[options.lifetime]
    token = token_bytes(SECRET_BYTES)
    if options.request:
        link = links.parse_request(options.request)
        sealed = envelope.seal_for(content, link.receiver, Choices(lifetime))
        expires = _service(link.service).answer(link.digest, envelope.digest(token), sealed)
        sys.stdout.write("the answer is stored\n")
        service = link.service
    else:
        service = _address(options.service)
        passphrase = _new_passphrase() if options.passphrase else ""
        secret = token_bytes(SECRET_BYTES)
        sealed = envelope.seal(content, secret, Choices(lifetime), passphrase)
        stored = envelope.digest(envelope.locator(secret))
        expires = _service(service).create(stored, envelope.digest(token), sealed)
        sys.stdout.write(f"link: {SecretLink(service, secret, bool(passphrase))}\n")
    sys.stdout.write(f"receipt: {ReceiptLink(service, token)}\nexpires: {expires}\n")


def _read(options: argparse.Namespace) -> None:
    link = links.parse_secret(sys.stdin.readline() if options.link == "-" else options.link)
    _check_free(options.output)
    passphrase = _ask("Passphrase: ") if link.has_passphrase else ""
    sealed = _service(link.service).read(envelope.locator(link.secret))
    if sealed is None:
        raise SecretError("this is the link of a request that was not answered yet")
    while True:
        try:
            content = envelope.open_envelope(sealed, link.secret, passphrase)
            break
        except SecretError:
            if not link.has_passphrase or not _can_ask():
                raise
            sys.stderr.write("The passphrase is wrong. Nothing is lost: try again.\n")
            passphrase = getpass.getpass("Passphrase: ")  # that of the environment would be as wrong again
    _write(content, options.output)


def _request(options: argparse.Namespace) -> None:
    address, lifetime = _address(options.service), LIFETIMES[options.lifetime]
    _check_free(options.output)
    own, found_with = envelope.new_key_pair(), token_bytes(SECRET_BYTES)
    service, digest = _service(address), envelope.digest(found_with)
    expires = service.ask(digest, lifetime)
    sys.stdout.write(f"link: {RequestLink(address, digest, own.public_key())}\nexpires: {expires}\n")
    sys.stdout.flush()
    ends, sealed = time.monotonic() + lifetime, None
    while sealed is None:
        time.sleep(options.interval)
        try:
            sealed = service.read(found_with)  # raises an error once the request has expired
        except TemporaryError:  # the key pair of the request is here alone: without it, no answer can be opened
            if time.monotonic() > ends:
                raise
    _write(envelope.open_answer(sealed, own), options.output)


def _status(options: argparse.Namespace) -> None:
    link = links.parse_receipt(options.receipt)
    _print(_service(link.service).status(link.token))


def _withdraw(options: argparse.Namespace) -> None:
    link = links.parse_receipt(options.receipt)
    _print(_service(link.service).withdraw(link.token))


def _print(state: dict[str, object]) -> None:
    for name, value in state.items():
        sys.stdout.write(f"{name}: {value}\n")


def _service(address: str) -> SharingService:
    return SharingService(address, os.environ.get("SHARING_TOKEN", ""))


def _address(address: str) -> str:
    if not address.startswith(("https://", "http://")):
        raise SecretError(
            "--service or SHARING_URL must be the address of a service, such as https://share.example.org"
        )
    return address.rstrip("/")


def _content(file: Path | None) -> Content:
    if file is not None:
        return Content(FILE, file.name, file.read_bytes())
    data = sys.stdin.buffer.read().removesuffix(b"\n")
    try:
        data.decode()
    except UnicodeDecodeError:
        raise SecretError("standard input is not text: use --file") from None
    return Content(TEXT, "", data)


def _new_passphrase() -> str:
    passphrase = _ask("Passphrase: ")
    if not passphrase or passphrase != _ask("Again: "):
        raise SecretError("the passphrases are empty or differ")
    return passphrase


def _ask(prompt: str) -> str:
    return os.environ.get("SHARING_PASSPHRASE") or getpass.getpass(prompt)


def _can_ask() -> bool:
    return sys.stdin.isatty()


def _check_free(output: Path | None) -> None:
    """Raise SecretError for a file that exists or cannot be made, before the secret is deleted from the server."""
    if output is None:
        return
    if output.exists():
        raise SecretError(f"{output}: exists, and is not replaced")
    if not os.access(output.parent, os.W_OK | os.X_OK):
        raise SecretError(f"{output}: the folder cannot be written")


def _free_path(path: Path) -> Path:
    """Return the path, or one with a number in its name, so that a file of this name is not replaced."""
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in itertools.count(2))
    return path if not path.exists() else next(each for each in numbered if not each.exists())


def _write(content: Content, output: Path | None) -> None:
    if output is None and content.kind == TEXT:
        sys.stdout.write(content.data.decode() + "\n")
        return
    path = output or _free_path(Path(content.safe_name))
    try:
        # For its owner alone; a file that exists is not replaced.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content.data)
    except OSError as error:  # the service has deleted the secret, so this is the only copy
        sys.stderr.write(f"{path}: {error.strerror}\n")
        with tempfile.NamedTemporaryFile(prefix="secret-", delete=False) as kept:
            kept.write(content.data)
        path = Path(kept.name)
    sys.stdout.write(f"{path}: {len(content.data)} bytes\n")


if __name__ == "__main__":
    sys.exit(main())
