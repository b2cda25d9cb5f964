"""The service: a Flask application. See `create_app`."""

import os

from flask import Flask

from app.clock import Clock
from app.config import RETRIEVAL, SUBMISSION, ConfigurationError, Settings
from app.domain.timeline import utc_now

__all__ = ["create_app"]


def create_app(settings: Settings | None = None, clock: Clock = utc_now) -> Flask:
    """Put the application together from its settings, which come from the environment unless they are given.

    Raises ConfigurationError, with one line that names the setting, before anything is started.
    """
    # Imported here, so that `app.domain` and its like can be imported without Flask's world.
    from app import cli, errors, extensions, logs, migrating, rate_limits, routing, security, warm_up
    from app.retrieval.views import init_retrieval
    from app.review.views import init_review
    from app.services.views import services
    from app.submission.views import init_submission

    logs.init_logging()
    warm_up.warm_up()
    try:
        settings = settings or Settings.from_environment(os.environ)
    except ConfigurationError as error:
        return cli.without_settings(error)
    app = routing.Application(__name__, static_folder=None)
    app.extensions["clock"] = clock
    routing.init_routing(app)
    extensions.init_extensions(app, settings)
    errors.init_errors(app)
    rate_limits.init_rate_limits(app, settings)
    security.init_security(app)
    logs.init_request_logs(app)
    app.register_blueprint(services)
    if SUBMISSION in settings.surfaces:
        init_submission(app, settings)
    if RETRIEVAL in settings.surfaces:
        init_retrieval(app, settings)
    if settings.review_tools and {SUBMISSION, RETRIEVAL} <= set(settings.surfaces):
        init_review(app)
    migrating.init_migrating(app)
    cli.init_cli(app)
    return app
