"""Every model of incidents: importing this module adds their tables to the metadata."""

from app.store.incidents.alerts import StoredAlert
from app.store.incidents.events import StoredEvent
from app.store.incidents.facts import Fact, Heartbeat
from app.store.incidents.incidents import Incident
from app.store.incidents.notices import StoredNotice
from app.store.incidents.reports import PublishedReport, StoredReading, StoredReport

__all__ = [
    "Fact",
    "Heartbeat",
    "Incident",
    "PublishedReport",
    "StoredAlert",
    "StoredEvent",
    "StoredNotice",
    "StoredReading",
    "StoredReport",
]
