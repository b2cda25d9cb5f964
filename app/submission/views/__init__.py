"""The HTTP of submission: each module reads and bounds a request, calls one service, and answers in its own form.

Each form is a blueprint, so that every refusal and every fault has one place where it becomes an answer.
"""

from flask import Flask

from app.config import Settings
from app.web.connections import ClosingConnections
from app.submission.decoys import make_sample
from app.submission.views.claims import claims
from app.submission.views.codes import codes
from app.submission.views.outbreaks import outbreaks
from app.submission.views.test_tools import tools
from app.submission.views.uploads import uploads


def init_submission(app: Flask, settings: Settings) -> None:
    """Add the routes of submission that the settings allow."""
    app.web.context["decoy_sample"] = make_sample(app.web.context["sealing_ring"])
    app.wsgi_app = ClosingConnections(app.wsgi_app)  # type: ignore[method-assign]
    app.register_blueprint(codes)
    app.register_blueprint(claims)
    app.register_blueprint(uploads)
    if settings.enable_outbreak_events:
        app.register_blueprint(outbreaks)
    if settings.enable_test_tools:
        app.register_blueprint(tools)
