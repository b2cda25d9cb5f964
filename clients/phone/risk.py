"""From what was received of a published key to a risk, and from the risks of a day to a notification.

The score is that of version 1 of the Exposure Notification interface: attenuation × days since × duration ×
transmission, each a score of 0 to 8 looked up in a bucket. The bounds of the buckets are those of
google/exposure-notifications-internals (`ContactTracingFeature`, `RiskScoreCalculator`).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from clients.phone.configuration import Configuration
from clients.phone.crypto import DAY_INTERVALS
from clients.phone.matching import Match, attenuation

_ATTENUATION_ABOVE_DB = (73, 63, 51, 33, 27, 15, 10)
_DAYS_AT_LEAST = (14, 12, 10, 8, 6, 4, 2)
_DURATION_AT_MOST_MINUTES = (0, 5, 10, 15, 20, 25, 30)


@dataclass(frozen=True, slots=True)
class Exposure:
    """One published key near this phone: the UTC day, the score, and the seconds at each of the three distances."""

    day: int
    score: int
    immediate_seconds: int
    near_seconds: int
    far_seconds: int


def exposure(match: Match, today: int, configuration: Configuration) -> Exposure:
    """Return the risk of what was received of one key."""
    seconds = {"immediate": 0, "near": 0, "far": 0}
    weighted = 0
    for reception in match.receptions:
        loss = attenuation(match.published.key.key_data, reception)
        seconds[_distance(loss, configuration)] += reception.seconds
        weighted += loss * reception.seconds
    total = sum(seconds.values())
    day = match.published.key.start // DAY_INTERVALS
    loss = weighted // total if total else 0
    score = risk_score(loss, today - day, total, match.published.risk_level, configuration)
    return Exposure(day, score, seconds["immediate"], seconds["near"], seconds["far"])


def risk_score(loss: int, days: int, seconds: int, risk_level: int, configuration: Configuration) -> int:
    """Return the product of the four scores, or 0 below the configuration's minimum.

    `loss` is the mean attenuation in dB; `risk_level` is the published transmission risk, where 0 means unknown and
    counts as 1.
    """
    # The interface counts in steps of five minutes, rounded up.
    minutes = -(-seconds // 300) * 5
    score = (
        configuration.attenuation[_first(loss > bound for bound in _ATTENUATION_ABOVE_DB)]
        * configuration.days[_first(days >= bound for bound in _DAYS_AT_LEAST)]
        * configuration.duration[_first(minutes <= bound for bound in _DURATION_AT_MOST_MINUTES)]
        * (configuration.transmission[risk_level - 1] if risk_level else 1)
    )
    return score if score >= configuration.minimum_risk_score else 0


def days_of_notification(exposures: Iterable[Exposure], configuration: Configuration) -> list[int]:
    """Return the UTC days for which the phone's owner must be notified, in order.

    As in the public app, a day counts when the immediate and near time of all its exposures, rounded to the minute,
    reaches the minimum; exposures without a score take no part.
    """
    close: defaultdict[int, int] = defaultdict(int)
    for one in exposures:
        if one.score > 0:
            close[one.day] += one.immediate_seconds + one.near_seconds
    return sorted(day for day, seconds in close.items() if (seconds + 30) // 60 >= configuration.minimum_minutes)


def _distance(loss: int, configuration: Configuration) -> str:
    if loss <= configuration.immediate_db:
        return "immediate"
    return "near" if loss <= configuration.near_db else "far"


def _first(hits: Iterable[bool]) -> int:
    """Return the index of the first hit, or the index after the last: the bucket of whatever no bound holds."""
    index = -1
    for index, hit in enumerate(hits):
        if hit:
            return index
    return index + 1
