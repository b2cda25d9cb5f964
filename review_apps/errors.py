"""What may go wrong with a review app."""


class ReviewAppError(Exception):
    """A command cannot do what it was asked; the message has the reason."""
