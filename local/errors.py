"""What may go wrong when the service starts on one machine."""


class LocalError(Exception):
    """The service cannot start or go on; the message is one line that tells a person what to do."""
