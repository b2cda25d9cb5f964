"""Every limit of the protocol that is not a setting, named once. Numbers in brackets are protocol rules."""

from typing import Final

# A claim is 46 bytes from a real phone; four times that is generous [30].
MAX_CLAIM_BODY_BYTES: Final = 256

# The public server allowed 1024, which 28 keys with the second version's fields (1078 bytes) do not fit [48, D16].
MIN_UPLOAD_BODY_BYTES: Final = 1024  # at least; MAX_UPLOAD_BODY_BYTES is a setting (D16)

MAX_OUTBREAK_BODY_BYTES: Final = 1024  # [104]

PUBLIC_KEY_BYTES: Final = 32  # Curve25519 [33, 50, 52]
NONCE_BYTES: Final = 24  # XSalsa20 [52]
KEY_DATA_BYTES: Final = 16  # a temporary exposure key [59]
LOCATION_ID_BYTES: Final = 8  # [104]
MAX_ONE_TIME_CODE_CHARACTERS: Final = 10  # [23]

MAX_KEYS_PER_UPLOAD: Final = 28  # [56]: 14 days, and a second key for each day that was cut short
MAX_CLOCK_SKEW_SECONDS: Final = 3600  # [57]
MIN_ROLLING_PERIOD: Final = 1  # [58]
MAX_ROLLING_PERIOD: Final = 144  # [58]
MIN_TRANSMISSION_RISK_LEVEL: Final = 0  # [61]
MAX_TRANSMISSION_RISK_LEVEL: Final = 8  # [61]
MAX_UPLOAD_SPAN_INTERVALS: Final = 2160  # [62]: 15 days from the first start to the last end

# What the second version of the framework allows, before and after; a value outside is dropped, never an error [63].
REPORT_TYPES: Final = frozenset({1, 2, 3})  # CONFIRMED_TEST, CONFIRMED_CLINICAL_DIAGNOSIS, SELF_REPORT
MAX_DAYS_SINCE_ONSET: Final = 14

SERVED_DAYS: Final = 14  # a phone may fetch today and the fourteen days before it [78, 80]
BUNDLE_DAYS: Final = 15  # the bundle reaches one day further back [75]

MAX_CODE_ATTEMPTS: Final = 5  # tries to find a code that is not in use [24]

# A phone's clock may run this much behind ours, so a key could still be broadcast that long after its validity [D18].
PUBLICATION_SKEW_HOURS: Final = 2
