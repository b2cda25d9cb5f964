"""HTTP for submission. Each module reads a request, calls one method of the service, and responds in one form.

Each form is a blueprint, so that every refusal and every fault becomes a response in one place.
"""

from app.config import SubmissionSettings
from app.submission.views.claims import claims
from app.submission.views.codes import codes
from app.submission.views.outbreaks import outbreaks
from app.submission.views.test_tools import tools
from app.submission.views.uploads import uploads
from app.web.blueprints import Blueprint


def submission_blueprints(settings: SubmissionSettings) -> list[Blueprint]:
    """Return the routes of submission that the settings enable."""
    blueprints = [codes, claims, uploads]
    if settings.enable_outbreak_events:
        blueprints.append(outbreaks)
    if settings.enable_test_tools:
        blueprints.append(tools)
    return blueprints
