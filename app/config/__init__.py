"""Settings: read once from the environment into frozen, typed objects, one for each surface.

`fields` declares and reads a setting, `parsers` parses one value, `common`, `submission`, `retrieval`, `portal`,
`sharing`, `status` and `review` declare the settings, and `settings` puts those of a process together.
"""

from app.config.common import ALL_SURFACES, PORTAL, RETRIEVAL, SHARING, STATUS, SUBMISSION, CommonSettings
from app.config.portal import PortalSettings
from app.config.retrieval import RetrievalSettings
from app.config.settings import Settings
from app.config.sharing import SharingSettings
from app.config.status import StatusSettings
from app.config.submission import SubmissionSettings
from app.domain.errors import ConfigurationError

__all__ = [
    "ALL_SURFACES",
    "PORTAL",
    "RETRIEVAL",
    "SHARING",
    "STATUS",
    "SUBMISSION",
    "CommonSettings",
    "ConfigurationError",
    "PortalSettings",
    "RetrievalSettings",
    "Settings",
    "SharingSettings",
    "StatusSettings",
    "SubmissionSettings",
]
