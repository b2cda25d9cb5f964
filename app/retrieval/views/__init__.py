"""HTTP for retrieval: archives, exposure configuration and counts, each in a module of its own."""

from app.config import RetrievalSettings
from app.retrieval.views.archives import archives, outbreak_archives
from app.retrieval.views.configuration import configuration
from app.retrieval.views.events import events
from app.web.blueprints import Blueprint


def retrieval_blueprints(settings: RetrievalSettings) -> list[Blueprint]:
    """Return the routes of retrieval that the settings enable."""
    blueprints = [archives, events, configuration]
    if settings.enable_outbreak_events:
        blueprints.append(outbreak_archives)
    return blueprints
