"""The HTTP of retrieval: archives, configuration and figures, each in a module of its own."""

from flask import Flask

from app.archive_files import open_archive_files
from app.config import Settings
from app.retrieval.builder import Builder
from app.retrieval.configuration import load_configuration
from app.retrieval.hot_path import HotPath
from app.retrieval.library import Library
from app.retrieval.views.archives import archives, outbreak_archives
from app.retrieval.views.configuration import configuration
from app.retrieval.views.events import events


def init_retrieval(app: Flask, settings: Settings) -> None:
    """Add the routes of retrieval that the settings allow."""
    app.extensions["exposure_configuration"] = load_configuration(settings.exposure_configuration_path)
    database = app.extensions["database"]
    files = open_archive_files(settings.archive_files, database)
    app.extensions["builder"] = Builder(database, files, settings)
    app.extensions["library"] = Library(app.extensions["builder"])
    app.register_blueprint(archives)
    if settings.enable_outbreak_events:
        app.register_blueprint(outbreak_archives)
    hot_path = HotPath(app.wsgi_app, app.extensions["library"], settings, app.extensions["clock"])
    app.extensions["hot_path"] = app.wsgi_app = hot_path  # type: ignore[method-assign]
    app.register_blueprint(events)
    app.register_blueprint(configuration)
