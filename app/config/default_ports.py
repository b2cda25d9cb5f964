"""The TCP ports that a web process listens on when neither BIND_ADDR nor PORT is set."""

from typing import Final

SUBMISSION_PORT: Final = 8000  # SURFACES=submission
DEFAULT_PORT: Final = 8001  # any other surfaces
