"""How long the portal keeps what it stores. The job purge-portal deletes it then, and the page on privacy states it."""

from datetime import timedelta
from typing import Final

MAIL: Final = timedelta(days=1)
SIGN_IN_FAILURES: Final = timedelta(days=30)
INVITATIONS: Final = timedelta(days=7)  # after they have expired, so that they can be sent again
ISSUED_CODES: Final = timedelta(days=30)
ANNOUNCEMENTS: Final = timedelta(days=365)  # after their last day
