"""Environment variables that resemble settings and are not: misspellings, and names of the public server."""

import difflib
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
_IGNORED: Final = frozenset({"WEB_CONCURRENCY", "HEROKU_BRANCH", "POSTGRES_URL", "GIT_BRANCH", "ENVIRONMENT"})
_SIMILARITY: Final = 0.82


def similar_settings(environment: Iterable[str]) -> dict[str, str]:
    """Return the unknown variables that resemble a setting, each with the setting's name."""
    known = {each.name for each in describe_settings()}
    found = {}
    for name in sorted(set(environment) - known - _IGNORED):
        if name in _RENAMED:
            found[name] = _RENAMED[name]
        elif "_" in name and (close := difflib.get_close_matches(name, known, 1, _SIMILARITY)):
            found[name] = close[0]
    return found


def warn_about_unknown_settings(environment: Iterable[str]) -> None:
    """Log each variable that is probably a misspelt setting. Its value is not logged."""
    for name, setting in similar_settings(environment).items():
        _logger.warning("unknown setting", extra={"variable": name, "similar_to": setting})
