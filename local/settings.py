"""The settings of the service that runs, in a file that `bin/flask` reads."""

import shlex
from collections.abc import Mapping

from app.config.settings import describe_settings


def settings_file(environment: Mapping[str, str], service_url: str) -> str:
    """Return the settings among `environment`, and SERVICE_URL, as NAME=value lines that a shell reads.

    `environment` is that of the web process: defaults, secrets, addresses of servers, and what the user has set.
    """
    known = known_settings()
    settings = {name: value for name, value in environment.items() if name in known}
    lines = {**settings, "SERVICE_URL": service_url}
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in sorted(lines.items()))


def known_settings() -> frozenset[str]:
    """Return the name of every variable that the application reads, those of platforms included."""
    settings = describe_settings()
    return frozenset({each.name for each in settings} | {each.platform for each in settings if each.platform})
