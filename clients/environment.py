"""Print the variables that the clients read, for the service that `make run` runs on this machine.

    eval "$(python -m clients.environment)"

An integrator gets these five values from the operator of the service; see docs/integrators.md.
"""

import argparse
import base64
import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

SETTINGS = Path("var/settings.env")
DEFAULT_PORT = "8001"
SHARED_SECRETS = ("KEY_CLAIM_TOKEN", "RETRIEVE_HMAC_KEY", "EXPORT_PUBLIC_KEY")  # what a client is given
SECRETS = ("ECDSA_KEY", "KEY_CLAIM_TOKEN", "RETRIEVE_HMAC_KEY")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one `export` line for each variable; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m clients.environment", description="Print the clients' variables.")
    parser.add_argument(
        "settings", type=Path, nargs="?", default=SETTINGS, help="the file that the service wrote; default: %(default)s"
    )
    parser.add_argument("--url", help="default: where the service of that file answers")
    options = parser.parse_args(arguments)
    try:
        settings = service_settings(os.environ, options.settings)
        variables = clients_environment(settings, options.url or service_url(settings))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for name, value in variables.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
    return 0


def client_variables(environ: Mapping[str, str], file: Path = SETTINGS, url: str | None = None) -> dict[str, str]:
    """Return the five variables of a client: its own if the environment has them, or those of a service.

    `url`, when given, is the address of both kinds of requests. Raises ValueError if a secret is missing.
    """
    if all(environ.get(name) for name in SHARED_SECRETS):
        default = environ.get("SUBMISSION_URL") or service_url(read_settings(file) if file.exists() else {})
        variables = {name: environ[name] for name in SHARED_SECRETS}
        addresses = (url or default, url or environ.get("RETRIEVAL_URL") or default)
        return {**variables, "SUBMISSION_URL": addresses[0], "RETRIEVAL_URL": addresses[1]}
    settings = service_settings(environ, file)
    return clients_environment(settings, url or service_url(settings))


def service_settings(environ: Mapping[str, str], file: Path) -> dict[str, str]:
    """Return the settings of a service: those of its file, and its secrets from the environment, which win.

    The file is not needed when the environment has all the secrets. Raises ValueError if one is missing.
    """
    settings = read_settings(file) if file.exists() else {}
    settings |= {name: environ[name] for name in SECRETS if environ.get(name)}
    missing = [name for name in SECRETS if not settings.get(name)]
    if missing and not file.exists():
        raise ValueError(f"{file}: does not exist; `make run` writes it")
    if missing:
        raise ValueError(f"{file}: has no {missing[0]}")
    return settings


def read_settings(file: Path) -> dict[str, str]:
    """Return the NAME=value lines of a file, whose values are quoted as for a shell. Raises ValueError."""
    try:
        text = file.read_text(encoding="utf-8")
        words = shlex.split(re.sub("^#.*", "", text, flags=re.MULTILINE))  # a quoted value may have several lines
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    return dict(word.split("=", 1) for word in words if "=" in word)


def service_url(settings: Mapping[str, str]) -> str:
    """Return where the service of a settings file answers: its SERVICE_URL, or its PORT on this machine."""
    port = settings.get("PORT") or os.environ.get("PORT") or DEFAULT_PORT
    return settings.get("SERVICE_URL") or f"http://127.0.0.1:{port}"


def clients_environment(settings: Mapping[str, str], url: str) -> dict[str, str]:
    """Return what a client may know of a server's settings: of the signing key only its public half.

    Raises ValueError.
    """
    try:
        public_key = load_der_private_key(bytes.fromhex(settings["ECDSA_KEY"]), None).public_key()
    except ValueError:
        raise ValueError("ECDSA_KEY is not a private key in hexadecimal") from None
    der = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "SUBMISSION_URL": url,
        "RETRIEVAL_URL": url,
        # `token=label` pairs joined by `:`; the first will do.
        "KEY_CLAIM_TOKEN": settings["KEY_CLAIM_TOKEN"].split(":")[0].split("=")[0],
        "RETRIEVE_HMAC_KEY": settings["RETRIEVE_HMAC_KEY"],
        "EXPORT_PUBLIC_KEY": base64.b64encode(der).decode(),
    }


if __name__ == "__main__":
    sys.exit(main())
