"""Environment variables that resemble settings and are not: misspellings, and names of the public server."""

import difflib
import functools
import logging
from collections.abc import Iterable, Mapping
from typing import Final

from app.config.settings import describe_settings

_logger = logging.getLogger(__name__)

# Words of the public server's config.yaml and variables whose setting here has another name.
_RENAMED: Final[Mapping[str, str]] = {
    "CLAIM_KEY_BAN_DURATION": "CLAIM_KEY_BAN_HOURS",
    "ONE_TIME_CODE_EXPIRY_IN_MINUTES": "ONE_TIME_CODE_EXPIRY_MINUTES",
    "DISABLE_CURRENT_DATE_CHECK_FEATURE_FLAG": "DISABLE_CURRENT_DATE_CHECK",
}
# Variables of other programs whose names are close to those of settings.
_IGNORED: Final = frozenset({"DATABASE_USER", "POSTGRES_URL", "WEB_CONCURRENCY"})
_SIMILARITY: Final = 0.82


def similar_settings(environment: Iterable[str]) -> dict[str, str]:
    """Return the unknown variables that resemble a setting, in any case, each with the setting's name."""
    settings = describe_settings()
    names = frozenset(each.name for each in settings)
    platform = {each.platform for each in settings if each.platform}
    found = {}
    for variable in sorted(set(environment) - names - platform - _IGNORED):
        if variable in _RENAMED:
            found[variable] = _RENAMED[variable]
        elif "_" in variable and (close := _closest(variable.upper(), names)):
            found[variable] = close
    return found


@functools.cache
def _closest(variable: str, names: frozenset[str]) -> str | None:
    """Return the name that resembles a variable most. A comparison with all names takes a third of a millisecond."""
    return next(iter(difflib.get_close_matches(variable, names, 1, _SIMILARITY)), None)


def warn_about_unknown_settings(environment: Iterable[str]) -> None:
    """Log each variable that is probably a misspelt setting. Its value is not logged."""
    for name, setting in similar_settings(environment).items():
        _logger.warning("unknown setting", extra={"variable": name, "similar_to": setting})
