"""The tokens with which the portal itself requests codes: derived for each jurisdiction, or given in PORTAL_TOKENS."""

from collections.abc import Mapping
from datetime import datetime

from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.store import api_tokens
from app.store.api_tokens import NewToken


class OwnTokens:
    """Finds the portal's token of a jurisdiction, which is registered in the database before its first use."""

    def __init__(self, database: Database, keys: PortalKeys, given: Mapping[str, str] | None) -> None:
        """`given`: the label of each token of PORTAL_TOKENS, or None if the portal has tokens of its own."""
        self._database = database
        self._keys = keys
        self._given = {label: token for token, label in given.items()} if given is not None else None
        self._registered: set[str] = set()

    def of(self, label: str, now: datetime) -> str | None:
        """Return the token of a label, or None if PORTAL_TOKENS has none."""
        if self._given is not None:
            return self._given.get(label)
        if label not in self._registered:
            self._register(label, now)
        return self._keys.submission_tokens(label)[0]

    def register_again(self, label: str, now: datetime) -> bool:
        """Register the token of a label that submission does not know; return whether that may have helped."""
        if self._given is not None:
            return False
        self._register(label, now)
        return True

    def _register(self, label: str, now: datetime) -> None:
        """Store the token, and revoke those that were derived from secrets that the portal no longer has.

        Processes with other secrets do the same while they are replaced: each makes its own token valid again when
        submission refuses it, and the last process that issues a code decides.
        """
        tokens = self._keys.submission_tokens(label)
        with self._database.transaction() as connection:
            api_tokens.add(connection, NewToken(tokens[0], label, "portal", is_portal=True), now)
            api_tokens.revoke_portal_tokens(connection, label, tokens, now)
        self._registered.add(label)
