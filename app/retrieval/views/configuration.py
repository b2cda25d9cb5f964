"""`/exposure-configuration`: how phones weigh an encounter, and which regions take part."""

from flask import Blueprint, Response, current_app, request

from app.web.errors import on_fault
from app.web.responses import conditional, json_text, plain_error
from app.retrieval.configuration import ConfigurationFile
from app.web.routing import add_route

configuration = Blueprint("configuration", __name__)


def exposure_configuration(name: str) -> Response:
    """Serve one of the configuration files, from memory."""
    files: dict[str, ConfigurationFile] = current_app.extensions["exposure_configuration"]
    file = files.get(name)
    if file is None:
        return plain_error("404 page not found", 404)
    if request.method not in ("GET", "HEAD"):
        return plain_error("method not allowed", 405, {"Allow": "GET, HEAD"})
    return conditional(json_text(file.text, {"Cache-Control": "public, max-age=3600"}), file.etag)


on_fault(configuration, lambda: plain_error("server error", 500))
add_route(configuration, "/exposure-configuration/<name>.json", exposure_configuration)
