"""The service: a Flask application. See `create_app`."""

import gc
import os
from typing import TYPE_CHECKING

from app.config import PORTAL, RETRIEVAL, SHARING, STATUS, SUBMISSION, ConfigurationError, Settings
from app.domain.timeline import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIApplication

    from app.database.database import Database
    from app.measuring.tracing import Tracing
    from app.web.context import Clock, Context
    from app.web.routing import Application

__all__ = ["create_app"]

# Loading the service makes 120,000 objects that stay. To look for garbage after every 700 of them, as Python does by
# default, takes a fifth of the time of a start.
gc.set_threshold(20_000, 10, 10)


def create_app(settings: Settings | None = None, clock: "Clock" = utc_now) -> "Application":
    """Return the application for its settings, which are read from the environment unless they are given.

    Raises ConfigurationError, with one line that names the setting. Connects to nothing.
    """
    # Imported here, so that `app.domain` and others can be imported without Flask.
    from app import cli
    from app.database import migrations
    from app.health.views import health
    from app.measuring.requests import init_counting
    from app.measuring.views import metrics
    from app.web import errors, logs, request_logs, routing, security
    from app.web.warm_up import warm_up

    logs.init_logging()
    warm_up()
    try:
        settings = settings or Settings.from_environment(os.environ)
        app = routing.Application(__name__, static_folder=None)
        app.context = _make_context(app, settings, clock)
    except ConfigurationError as error:
        return cli.without_settings(error)
    routing.init_routing(app)
    init_counting(app)
    errors.init_errors(app)
    security.init_security(app)
    request_logs.init_request_logs(app)
    app.register_blueprint(health)
    if settings.metrics_token is not None:
        app.register_blueprint(metrics)
    _register_surfaces(app, app.context)
    _wrap(app, app.context)
    migrations.init_migrations(app)
    cli.init_cli(app)
    return app


def _make_context(app: "Application", settings: Settings, clock: "Clock") -> "Context":
    """Return the application's connections and services, which connect when they are first used."""
    from app.config.unknown import warn_about_unknown_settings
    from app.database.engine import init_database
    from app.database.redis_connections import redis_client
    from app.database.schema import Schema
    from app.database.tls import warn_about_plaintext_connections
    from app.measuring.instruments import Instruments
    from app.web.context import Context
    from app.web.rate_limits import RateLimiter

    warn_about_unknown_settings(os.environ)
    warn_about_plaintext_connections(settings, os.environ)
    database = init_database(app, settings)
    context = Context(
        settings=settings,
        clock=clock,
        database=database,
        schema=Schema(database),
        instruments=Instruments(),
        redis=redis_client(settings.redis_url),
        rate_limiter=RateLimiter(settings.redis_url) if settings.rate_limits else None,
    )
    if settings.otel_exporter_otlp_endpoint is not None:
        context.tracing = _start_tracing(settings.otel_exporter_otlp_endpoint, database)
    _make_services(context)
    return context


def _make_services(context: "Context") -> None:
    """Add the services of the surfaces that the process serves."""
    settings, database, clock = context.settings, context.database, context.clock
    if settings.serves(SUBMISSION):
        from app.submission.service import make_submission
        from app.web.security import digests

        tokens = digests(settings.submission.key_claim_token)
        context.served_submission = make_submission(database, settings.submission, tokens)
    if settings.serves(RETRIEVAL):
        from app.retrieval.service import make_retrieval

        context.served_retrieval = make_retrieval(database, settings.retrieval, clock, context.instruments)
    if settings.serves(PORTAL):
        from app.portal.service import make_portal

        context.served_portal = make_portal(database, context.redis, settings.portal)
    if settings.serves(SHARING):
        from app.sharing.service import Sharing

        context.served_sharing = Sharing(database, settings.sharing)
    _serve_status(context)
    if settings.review.review_tools and settings.serves(SUBMISSION, RETRIEVAL):
        from app.review.service import Review

        context.served_review = Review(database, context.submission.codes, settings)


def _serve_status(context: "Context") -> None:
    """Add the status page, and incidents, which people of the portal handle as well."""
    settings = context.settings
    if settings.serves(STATUS):
        from app.status.service import make_status

        context.served_status = make_status(context.database, settings.status)
    if settings.serves(PORTAL) or settings.serves(STATUS):
        from app.incidents.making import make_incidents

        context.served_incidents = make_incidents(context)


def _start_tracing(endpoint: str, database: "Database") -> "Tracing":
    try:
        from app.measuring.tracing import Tracing
    except ImportError as error:
        raise ConfigurationError("OTEL_EXPORTER_OTLP_ENDPOINT: install requirements-tracing.txt") from error
    tracing = Tracing(endpoint)
    tracing.trace_statements(database)
    return tracing


def _register_surfaces(app: "Application", context: "Context") -> None:
    """Register the routes of each surface that the process serves."""
    blueprints = []
    if context.served_submission:
        from app.submission.views import submission_blueprints

        blueprints += submission_blueprints(context.settings.submission)
    if context.served_retrieval:
        from app.retrieval.views import retrieval_blueprints

        blueprints += retrieval_blueprints(context.settings.retrieval)
    if context.served_portal:
        from app.portal.views import portal_blueprints

        blueprints += portal_blueprints(context.portal, review_tools=context.settings.review.review_tools)
    if context.served_sharing:
        from app.sharing.views import sharing_blueprints

        blueprints += sharing_blueprints()
    if context.served_status:
        from app.incidents.views import incident_notes
        from app.status.views import status_blueprints

        blueprints += [*status_blueprints(), incident_notes]
    if context.served_review:
        from app.review.views import review_blueprints

        blueprints += review_blueprints()
    for blueprint in blueprints:
        app.register_blueprint(blueprint)


def _wrap(app: "Application", context: "Context") -> None:
    """Put the WSGI middleware around the application."""
    for middleware in reversed(_middleware(context)):
        app.wsgi_app = middleware(app.wsgi_app)  # type: ignore[method-assign, assignment]


def _middleware(context: "Context") -> "list[Callable[[WSGIApplication], WSGIApplication]]":
    """Return the WSGI stack around Flask, outermost first."""
    from app.measuring.requests import CountRequests
    from app.web.connections import ClosingConnections
    from app.web.hosts import HostCheck, checks_hosts
    from app.web.routing import CleanPaths

    stack: list[Callable[[WSGIApplication], WSGIApplication]] = [
        lambda inner: CountRequests(inner, context.instruments)
    ]
    if context.tracing is not None:
        from app.measuring.tracing import TraceRequests

        tracing = context.tracing
        stack.append(lambda inner: TraceRequests(inner, tracing))
    if checks_hosts(context.settings):
        stack.append(lambda inner: HostCheck(inner, context.settings.allowed_hosts))
    groups = _static_groups(context)
    if groups:
        from app.web.pages import static_files

        stack.append(lambda inner: static_files(inner, groups))
    if context.served_retrieval:
        from app.retrieval.fast_path import FastPathMiddleware

        fast_path = context.retrieval.fast_path
        stack.append(lambda inner: FastPathMiddleware(inner, fast_path))
    stack += [ClosingConnections, CleanPaths]
    return stack


def _static_groups(context: "Context") -> tuple[str, ...]:
    """Return the folders of `app/static` that the process's pages use."""
    groups: tuple[str, ...] = ()
    if context.served_portal:
        groups += ("portal",)
    if context.served_sharing:
        groups += ("sharing",)
    if context.served_status:
        groups += ("status",)
    if context.served_review:
        from app.review.views import STATIC_GROUPS

        groups += STATIC_GROUPS
    return groups
