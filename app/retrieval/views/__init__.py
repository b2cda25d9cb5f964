"""The HTTP of retrieval: archives, configuration and figures, each in a module of its own."""

from flask import Flask

from app.retrieval.archive_files import open_archive_files
from app.config import Settings
from app.retrieval.builder import Builder
from app.retrieval.configuration import load_configuration
from app.retrieval.fast_path import HotPath
from app.retrieval.archive_cache import Library
from app.retrieval.views.archives import archives, outbreak_archives
from app.retrieval.views.configuration import configuration
from app.retrieval.views.events import events


def init_retrieval(app: Flask, settings: Settings) -> None:
    """Add the routes of retrieval that the settings allow."""
    app.web.context["exposure_configuration"] = load_configuration(settings.exposure_configuration_path)
    database = app.web.context["database"]
    files = open_archive_files(settings.archive_files, database)
    app.web.context["builder"] = Builder(database, files, settings)
    app.web.context["library"] = Library(app.web.context["builder"])
    app.register_blueprint(archives)
    if settings.enable_outbreak_events:
        app.register_blueprint(outbreak_archives)
    app.wsgi_app = HotPath(  # type: ignore[method-assign]
        app.wsgi_app, app.web.context["library"], settings, app.web.context["clock"]
    )
    app.register_blueprint(events)
    app.register_blueprint(configuration)
