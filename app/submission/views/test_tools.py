"""`/clear-diagnosis-keys`: empties a test environment (protocol section N)."""

from flask import Blueprint, Response

from app.web.errors import on_fault
from app.web.context import current_database
from app.web.responses import plain, plain_error
from app.web.routing import add_route
from app.web.security import only, requires_test_tools_token
from app.submission.test_tools import clear_diagnosis_keys as clear

tools = Blueprint("test_tools", __name__)


@only("POST")
@requires_test_tools_token
def clear_diagnosis_keys() -> Response:
    """Delete every exposure key (rule 103)."""
    clear(current_database())
    return plain("cleared diagnosis_keys")


on_fault(tools, lambda: plain_error("unable to clear diagnosis_keys", 500))
add_route(tools, "/clear-diagnosis-keys", clear_diagnosis_keys)
