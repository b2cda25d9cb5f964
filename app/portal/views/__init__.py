"""The pages of the portal."""

from app.portal.service import Portal
from app.portal.views.bulk import bulk
from app.portal.views.codes import codes
from app.portal.views.demonstration import demonstration
from app.portal.views.home import home
from app.portal.views.issuing import issuing
from app.portal.views.missing import missing
from app.portal.views.outbox import has_outbox, outbox
from app.portal.views.sign_in import sign_in
from app.portal.views.statistics import statistics
from app.portal.views.tokens import tokens
from app.web.blueprints import Blueprint


def portal_blueprints(portal: Portal, *, review_tools: bool) -> list[Blueprint]:
    """Return the routes of the portal; `review_tools` adds a way in for reviewers, which production refuses."""
    blueprints = [home, sign_in, issuing, codes, bulk, tokens, statistics, missing]
    if has_outbox(portal):
        blueprints.append(outbox)
    if review_tools:
        blueprints.append(demonstration)
    return [*blueprints]
