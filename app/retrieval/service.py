"""Everything that retrieval does, in one object: see the module of each part."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.config import RetrievalSettings
from app.database.clock_check import ClockCheck
from app.database.database import Database
from app.retrieval.archive_cache import ArchiveCache
from app.retrieval.archive_files import open_archive_files
from app.retrieval.builder import Builder
from app.retrieval.configuration import ConfigurationFile, load_configuration
from app.retrieval.counts import EventCounts


@dataclass(frozen=True)
class Retrieval:
    """The service of retrieval."""

    builder: Builder
    archives: ArchiveCache
    configuration: Mapping[str, ConfigurationFile]
    counts: EventCounts


def make_retrieval(database: Database, settings: RetrievalSettings, clock: Callable[[], datetime]) -> Retrieval:
    """Return the service. Raises ConfigurationError for configuration files that phones would refuse."""
    files = open_archive_files(settings.archive_files, database)
    builder = Builder(database, files, settings, ClockCheck(clock))
    return Retrieval(
        builder=builder,
        archives=ArchiveCache(builder),
        configuration=load_configuration(settings.exposure_configuration_path),
        counts=EventCounts(database),
    )
