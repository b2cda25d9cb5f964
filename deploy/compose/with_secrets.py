"""`python -m deploy.compose.with_secrets ARGUMENT…`: becomes a process of the service, with secrets from files.

SECRETS names the files of NAME=value lines, separated by commas. A variable that is set already is kept.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def with_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the variables of its files."""
    values: dict[str, str] = {}
    for name in environment.get("SECRETS", "").split(","):
        if name:
            pairs = (line.partition("=") for line in Path(name).read_text().splitlines())
            values |= {variable: value for variable, separator, value in pairs if separator}
    return values | dict(environment)


if __name__ == "__main__":
    os.execve("bin/process", ["bin/process", *sys.argv[1:]], with_secrets(os.environ))  # noqa: S606 - it becomes it
