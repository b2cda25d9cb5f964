"""The jurisdictions: provinces, territories and federal bodies whose staff issue codes."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Jurisdiction:
    """A jurisdiction. Its code is also the label of its tokens."""

    code: str
    names: Mapping[str, str]  # by language
    time_zone: str  # of most of its population (IANA)
    first_language: str = "en"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which its times are shown."""
        return ZoneInfo(self.time_zone)


def _jurisdiction(code: str, english: str, french: str, time_zone: str, first_language: str = "en") -> Jurisdiction:
    return Jurisdiction(code, MappingProxyType({"en": english, "fr": french}), time_zone, first_language)


_ALL: Final = (
    _jurisdiction("AB", "Alberta", "Alberta", "America/Edmonton"),
    _jurisdiction("BC", "British Columbia", "Colombie-Britannique", "America/Vancouver"),
    _jurisdiction("MB", "Manitoba", "Manitoba", "America/Winnipeg"),
    _jurisdiction("NB", "New Brunswick", "Nouveau-Brunswick", "America/Moncton"),
    _jurisdiction("NL", "Newfoundland and Labrador", "Terre-Neuve-et-Labrador", "America/St_Johns"),
    _jurisdiction("NS", "Nova Scotia", "Nouvelle-Écosse", "America/Halifax"),
    _jurisdiction("NT", "Northwest Territories", "Territoires du Nord-Ouest", "America/Yellowknife"),
    _jurisdiction("NU", "Nunavut", "Nunavut", "America/Iqaluit"),
    _jurisdiction("ON", "Ontario", "Ontario", "America/Toronto"),
    _jurisdiction("PE", "Prince Edward Island", "Île-du-Prince-Édouard", "America/Halifax"),
    _jurisdiction("QC", "Quebec", "Québec", "America/Toronto", "fr"),
    _jurisdiction("SK", "Saskatchewan", "Saskatchewan", "America/Regina"),
    _jurisdiction("YT", "Yukon", "Yukon", "America/Whitehorse"),
    _jurisdiction("CDS", "Canadian Digital Service", "Service numérique canadien", "America/Toronto"),
    _jurisdiction("CAF", "Canadian Armed Forces", "Forces armées canadiennes", "America/Toronto"),
    _jurisdiction(
        "NITHA",
        "Northern Inter-Tribal Health Authority",
        "Northern Inter-Tribal Health Authority",
        "America/Regina",
    ),
)
JURISDICTIONS: Final[Mapping[str, Jurisdiction]] = MappingProxyType({each.code: each for each in _ALL})


def jurisdiction_names(language: str) -> list[tuple[str, str]]:
    """Return the code and the name of every jurisdiction, in the order of the names in a language."""
    # Letters before their accents: Île is among the names that begin with I.
    return sorted(
        ((each.code, each.names[language]) for each in _ALL), key=lambda pair: unicodedata.normalize("NFD", pair[1])
    )


# Jurisdictions in the order in which their counts are hidden to protect those of others: the smallest population first.
HIDING_ORDER: Final = (
    "NU",
    "YT",
    "NT",
    "PE",
    "NL",
    "NB",
    "NS",
    "SK",
    "MB",
    "AB",
    "BC",
    "QC",
    "ON",
    "NITHA",
    "CAF",
    "CDS",
)
