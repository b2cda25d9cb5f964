"""The incidents of a process: those of the portal are recorded in its audit log."""

from typing import TYPE_CHECKING

from app.incidents.objectives import MeasuredObjectives
from app.incidents.service import Incidents

if TYPE_CHECKING:
    from app.web.context import Context


def make_incidents(context: "Context") -> Incidents:
    """Return the incidents for a process that serves status or the portal."""
    audit = context.served_portal.audit.record if context.served_portal else None
    return Incidents(context.database, audit, MeasuredObjectives())
