"""`/exposure-configuration`: how phones weigh an encounter, and which regions take part."""

from flask import Response, request

from app.web.blueprints import Blueprint
from app.web.context import current_context
from app.web.responses import conditional, json_text, plain_error

configuration = Blueprint("configuration", __name__)


@configuration.route("/exposure-configuration/<name>.json")
def exposure_configuration(name: str) -> Response:
    """Serve one of the configuration files, from memory."""
    file = current_context().retrieval.configuration.get(name)
    if file is None:
        return plain_error("404 page not found", 404)
    if request.method not in ("GET", "HEAD"):
        return plain_error("method not allowed", 405, {"Allow": "GET, HEAD"})
    return conditional(json_text(file.text, {"Cache-Control": "public, max-age=3600"}), file.etag)
