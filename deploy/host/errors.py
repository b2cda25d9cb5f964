"""Errors that end a command with one line."""


class HostError(Exception):
    """A command of the host failed; the text is for the operator."""
