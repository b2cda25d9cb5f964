"""The pages for reviewers, and the requests of their scripts.

Every visitor of a review instance may use all of it, so none of it exists in production.
"""

from app.review.views.front import front
from app.review.views.phone import phone_pages
from app.web.blueprints import Blueprint

# The folders of `app/static` that these pages use.
STATIC_GROUPS = ("review", "front")


def review_blueprints() -> list[Blueprint]:
    """Return the routes of the pages for reviewers."""
    return [front, phone_pages]
