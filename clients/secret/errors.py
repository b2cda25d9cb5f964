"""Errors of the client. Their texts never hold a secret, a key or a link.

SecretError
├── LinkError        a link is incomplete, or not of this service
├── EnvelopeError    an envelope is malformed, altered, or sealed with another key or passphrase
└── AnswerError      the server refused a request, or did not answer
    └── TemporaryError   the same request may succeed later
"""


class SecretError(Exception):
    """The base of all errors of the client."""


class LinkError(SecretError):
    """The link is incomplete, or not of this service."""


class EnvelopeError(SecretError):
    """The envelope is malformed, was altered, or was sealed with another key or passphrase."""


class AnswerError(SecretError):
    """The server refused the request, or did not answer."""


class TemporaryError(AnswerError):
    """The service did not answer, or could not at that moment: the same request may succeed later."""
