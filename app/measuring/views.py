"""`/metrics`, on every surface: what the processes counted, for Prometheus. It exists if METRICS_TOKEN is set."""

from flask import Response, request

from app.config import STATUS
from app.measuring.exposition import exposition
from app.web.blueprints import Blueprint
from app.web.context import current_context
from app.web.responses import NO_STORE, NOSNIFF
from app.web.security import allow_only, requires_metrics_token

metrics = Blueprint("metrics", __name__)


@metrics.route("/metrics")
@allow_only("GET")
@requires_metrics_token
def show_metrics() -> Response:
    """Return the metrics in the format of Prometheus, or as OpenMetrics if the client prefers it."""
    context = current_context()
    redis = context.redis if context.settings.serves(STATUS) else None
    body, content_type = exposition(context.instruments, redis, request.headers.get("Accept", ""))
    return Response(body, headers=NO_STORE | NOSNIFF, content_type=content_type)
