from django.db import models


class Visit(models.Model):
    """A request to the front page."""

    when = models.DateTimeField(auto_now_add=True)
