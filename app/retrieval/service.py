"""Everything that retrieval does, in one object: see the module of each part."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.config import RetrievalSettings
from app.database.clock_check import ClockCheck
from app.database.database import Database
from app.measuring.instruments import Instruments
from app.retrieval.archive_cache import ArchiveCache
from app.retrieval.archive_files import open_archive_files
from app.retrieval.builder import Builder
from app.retrieval.configuration import ConfigurationFile, load_configuration
from app.retrieval.counts import EventCounts
from app.retrieval.fast_path import ArchiveFastPath
from app.web.context import Clock


@dataclass(frozen=True)
class Retrieval:
    """The service of retrieval."""

    builder: Builder
    archives: ArchiveCache
    configuration: Mapping[str, ConfigurationFile]
    counts: EventCounts
    fast_path: ArchiveFastPath


def make_retrieval(
    database: Database, settings: RetrievalSettings, clock: Clock, instruments: Instruments
) -> Retrieval:
    """Return the service. Raises ConfigurationError for configuration files that phones would refuse."""
    files = open_archive_files(settings.archive_files, database)
    builder = Builder(database, files, settings, ClockCheck(clock))
    archives = ArchiveCache(builder)
    return Retrieval(
        builder=builder,
        archives=archives,
        configuration=load_configuration(settings.exposure_configuration_path),
        counts=EventCounts(database),
        fast_path=ArchiveFastPath(archives, settings, clock, instruments),
    )
