"""Print the variables that the clients read, for the service that `python -m local` runs on this machine.

    eval "$(python -m clients.environment)"

An integrator is given these five values by whoever runs the service; see docs/integrators.md.
"""

import argparse
import base64
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

DEFAULT_PORT = "8001"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one `export` line for each variable; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m clients.environment", description="Print the clients' variables.")
    parser.add_argument("secrets", type=Path, nargs="?", default=Path("var/secrets.env"), help="default: %(default)s")
    parser.add_argument("--url", default=f"http://127.0.0.1:{os.environ.get('PORT', DEFAULT_PORT)}")
    options = parser.parse_args(arguments)
    try:
        secrets = read_secrets(options.secrets)
    except OSError as error:
        sys.stderr.write(f"{options.secrets}: {error.strerror}; `python -m local` makes it\n")
        return 1
    for name, value in clients_environment(secrets, options.url).items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
    return 0


def read_secrets(path: Path) -> dict[str, str]:
    """Read a file of NAME=value lines; a variable of this process wins over the file's."""
    lines = (line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines() if "=" in line)
    return {name: os.environ.get(name) or value for name, value in lines}


def clients_environment(secrets: dict[str, str], url: str) -> dict[str, str]:
    """Return what a client may know of a server's secrets: of the signing key only its public half."""
    public_key = load_der_private_key(bytes.fromhex(secrets["ECDSA_KEY"]), None).public_key()
    der = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "SUBMISSION_URL": url,
        "RETRIEVAL_URL": url,
        # `token=label` pairs joined by `:`; the first will do.
        "KEY_CLAIM_TOKEN": secrets["KEY_CLAIM_TOKEN"].split(":")[0].split("=")[0],
        "RETRIEVE_HMAC_KEY": secrets["RETRIEVE_HMAC_KEY"],
        "EXPORT_PUBLIC_KEY": base64.b64encode(der).decode(),
    }


if __name__ == "__main__":
    sys.exit(main())
