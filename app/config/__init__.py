"""Settings: read once from the environment into frozen, typed objects, one for each surface."""

from app.config.parsers import ConfigurationError
from app.config.settings import ALL_SURFACES, RETRIEVAL, SUBMISSION, Settings

__all__ = ["ALL_SURFACES", "RETRIEVAL", "SUBMISSION", "ConfigurationError", "Settings"]
