"""The incidents of a process: those of the portal are recorded in its audit log."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from app.domain.portal.rights import Right
from app.incidents.objectives import MeasuredObjectives
from app.incidents.records import Audit
from app.incidents.service import Incidents

if TYPE_CHECKING:
    from app.portal.service import Portal
    from app.web.context import Context


def make_incidents(context: "Context") -> Incidents:
    """Return the incidents for a process that serves status or the portal."""
    audit = _audit_of(context.served_portal) if context.served_portal else None
    return Incidents(context.database, audit, MeasuredObjectives())


def _audit_of(portal: "Portal") -> Audit:
    from app.portal.actors import check_actor  # processes without the portal need none of it

    def record(session: Session, actor: str, action: str, target: str, now: datetime) -> None:
        check_actor(session, actor, Right.INCIDENTS)
        portal.audit.record(session, actor, action, target, now)

    return record
