"""The pages on which a reviewer tries everything out, and what their scripts ask for.

Whoever reaches a review instance may use all of it, so nothing of it exists in production.
"""

from flask import Flask

from app.web.pages import serve_static
from app.review.views.front import front
from app.review.views.phone import review


def init_review(app: Flask) -> None:
    """Add the pages, their routes and their static files."""
    for group in ("review", "front"):
        serve_static(app, group)
    app.register_blueprint(review)
    app.register_blueprint(front)
