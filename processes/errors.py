"""What may go wrong when programs are started."""


class ProcessError(Exception):
    """A program cannot start or go on; the message is one line with the reason and the remedy."""
