"""The error of a promotion."""


class PromotionError(Exception):
    """A step failed, or the plan is wrong; the text is for a person."""
