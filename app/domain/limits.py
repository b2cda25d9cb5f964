"""The limits of the protocol that are not settings. Numbers in brackets are protocol rules."""

from typing import Final

# A real phone's claim has 46 bytes [30].
MAX_CLAIM_BODY_BYTES: Final = 256

# The lowest value of MAX_UPLOAD_BODY_BYTES, and the public server's limit. 28 keys with the fields of version 2 of the
# framework have 1078 bytes [48, D16].
MIN_UPLOAD_BODY_BYTES: Final = 1024

MAX_OUTBREAK_BODY_BYTES: Final = 1024  # [104]

MAX_CODE_STATUSES: Final = 100  # hashIDs in a request to /code-status
MAX_CODE_STATUS_BODY_BYTES: Final = 16_384  # a hashID has 128 characters
MAX_NOTE_BODY_BYTES: Final = 16_384  # of a note for the timelines of incidents

PUBLIC_KEY_BYTES: Final = 32  # Curve25519 [33, 50, 52]
NONCE_BYTES: Final = 24  # XSalsa20 [52]
KEY_DATA_BYTES: Final = 16  # a temporary exposure key [59]
LOCATION_ID_BYTES: Final = 8  # [104]
MAX_ONE_TIME_CODE_CHARACTERS: Final = 10  # [23]

MAX_KEYS_PER_UPLOAD: Final = 28  # [56]: 14 days, and a second key for each day on which the key was replaced early
MAX_CLOCK_SKEW_SECONDS: Final = 3600  # [57]
MIN_ROLLING_PERIOD: Final = 1  # [58]
MAX_ROLLING_PERIOD: Final = 144  # [58]
MIN_TRANSMISSION_RISK_LEVEL: Final = 0  # [61]
MAX_TRANSMISSION_RISK_LEVEL: Final = 8  # [61]
MAX_UPLOAD_SPAN_INTERVALS: Final = 2160  # [62]: 15 days from the first start to the last end

# Fields of version 2 of the framework. Other values are dropped and are never an error [63].
REPORT_TYPES: Final = frozenset({1, 2, 3})  # CONFIRMED_TEST, CONFIRMED_CLINICAL_DIAGNOSIS, SELF_REPORT
MAX_DAYS_SINCE_ONSET: Final = 14  # before or after

SERVED_DAYS: Final = 14  # today and the fourteen days before it are served [78, 80]
BUNDLE_DAYS: Final = 15  # the bundle starts one day earlier [75]

MAX_CODE_ATTEMPTS: Final = 5  # attempts to find an unused code [24]

# How far a phone's clock may run behind the server's: until then, a phone may broadcast an expired key [D18].
PUBLICATION_SKEW_HOURS: Final = 2
