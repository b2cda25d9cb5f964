"""`/clear-diagnosis-keys`: resets a test environment (section N)."""

from flask import Response

from app.web.blueprints import Blueprint
from app.web.context import current_context
from app.web.responses import plain, plain_error
from app.web.security import allow_only, requires_test_tools_token

tools = Blueprint("test_tools", __name__)


@tools.route("/clear-diagnosis-keys")
@allow_only("POST")
@requires_test_tools_token
def clear_diagnosis_keys() -> Response:
    """Delete all diagnosis keys (rule 103)."""
    current_context().submission.test_tools.clear_diagnosis_keys()
    return plain("cleared diagnosis_keys")


@tools.fault_response
def _fault() -> Response:
    return plain_error("unable to clear diagnosis_keys", 500)
