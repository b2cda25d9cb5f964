"""The pages of the portal."""

from app.portal.service import Portal
from app.portal.views.account import account
from app.portal.views.alerts import alerts
from app.portal.views.announcements import announcements
from app.portal.views.audit import audit
from app.portal.views.bulk import bulk
from app.portal.views.codes import codes
from app.portal.views.confirmation import confirmation
from app.portal.views.demonstration import demonstration
from app.portal.views.design import design
from app.portal.views.directory import directory
from app.portal.views.figures import figures
from app.portal.views.help import help_pages
from app.portal.views.home import home
from app.portal.views.incident_reports import incident_reports
from app.portal.views.incidents import incidents
from app.portal.views.inviting import inviting
from app.portal.views.issuing import issuing
from app.portal.views.missing import missing
from app.portal.views.outbox import has_outbox, outbox
from app.portal.views.password_links import password_links
from app.portal.views.places import places
from app.portal.views.sign_in import sign_in
from app.portal.views.sign_up import sign_up
from app.portal.views.statistics import statistics
from app.portal.views.switches import switches
from app.portal.views.tokens import tokens
from app.web.blueprints import Blueprint

_PAGES = (
    account,
    alerts,
    announcements,
    audit,
    bulk,
    codes,
    confirmation,
    directory,
    figures,
    help_pages,
    home,
    incident_reports,
    incidents,
    inviting,
    issuing,
    missing,
    password_links,
    places,
    sign_in,
    sign_up,
    statistics,
    switches,
    tokens,
)


def portal_blueprints(portal: Portal, *, review_tools: bool) -> list[Blueprint]:
    """Return the routes of the portal; `review_tools` adds a way in for reviewers, which production refuses."""
    for_mail = (outbox,) if has_outbox(portal) else ()
    for_reviewers = (demonstration, design) if review_tools else ()
    return [*_PAGES, *for_mail, *for_reviewers]
