"""Issuing codes in the portal, and what has become of them. A code is returned to the caller and kept nowhere."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.config import PortalSettings
from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.domain.codes import CodeStatus, normalise_code
from app.domain.errors import (
    DailyLimitError,
    FormUsedError,
    HashIdClaimedError,
    PortalPageMissingError,
    SubmissionError,
    TooManyRequestsError,
)
from app.domain.portal.people import Person
from app.domain.portal.references import generate_reference
from app.domain.portal.rights import Right
from app.domain.portal.suppression import in_steps
from app.portal.actors import lock_actor
from app.portal.audit import AuditLog
from app.portal.submission_client import SubmissionClient
from app.store.portal import issued_codes
from app.store.portal.issued_codes import CodeState, IssuedCode

DAY: Final = timedelta(hours=24)
PAGE_SIZE: Final = 20
_LINE: Final = "line"


@dataclass(frozen=True)
class ShownCode:
    """A code to be shown once. Its `repr` does not show it."""

    code: str
    reference: str
    expires: datetime
    is_replacement: bool = False  # of an earlier code of the same form or line, which is invalid now

    def __repr__(self) -> str:
        return f"ShownCode(reference={self.reference!r})"


@dataclass(frozen=True)
class IssuedBefore:
    """A line of a list that has a code, which cannot be shown again."""

    reference: str
    created: datetime


@dataclass(frozen=True)
class _Reserved:
    """A row for a code that counts towards the limit. `created` and `account_id` are those of its earlier code."""

    row_id: int
    reference: str
    created: datetime
    account_id: int
    is_new: bool


@dataclass(frozen=True)
class ListedCode:
    """A code by its reference. The status is None if submission did not report it."""

    reference: str
    created: datetime
    expires: datetime
    status: CodeStatus | None


@dataclass(frozen=True)
class Codes:
    """Issues, lists and withdraws the codes of a person."""

    database: Database
    settings: PortalSettings
    keys: PortalKeys
    audit: AuditLog
    client: SubmissionClient

    def issue(self, person: Person, request_id: uuid.UUID, now: datetime) -> ShownCode:
        """Return a new code. A form that is sent again replaces its code, so there is only one, counted once.

        Raises DailyLimitError, FormUsedError, or the errors of SubmissionClient.
        """
        return self._request(person, self._reserve(person, request_id, None, now), now)

    def replace(
        self, person: Person, reference: str, request_id: uuid.UUID, now: datetime
    ) -> tuple[ShownCode, CodeStatus]:
        """Withdraw a person's own code; return another one, and what became of the first: see `withdraw`.

        If the limit permits no other code, the first stays valid. Raises the errors of `issue` and `withdraw`.
        """
        self._own(person, reference)
        reserved = self._reserve(person, request_id, None, now)
        try:
            earlier = self.withdraw(person, reference, now)
        except (SubmissionError, TooManyRequestsError):
            self._give_back(reserved)
            raise
        return self._request(person, reserved, now), earlier

    def issue_for_line(self, person: Person, line: bytes, now: datetime, *, again: bool) -> ShownCode | IssuedBefore:
        """Return a new code for a line of a list, by its identifier, unless the line has one.

        `again`: replace a code that was not noted, as long as it has not been claimed. Raises the errors of `issue`.
        """
        try:
            reserved = self._reserve(person, uuid.uuid4(), line.hex(), now, again=again)
        except IntegrityError:  # another person has just done so
            reserved = self._reserve(person, uuid.uuid4(), line.hex(), now, again=again)
        if reserved.is_new or again:
            return self._request(person, reserved, now)
        return IssuedBefore(reserved.reference, reserved.created)

    def withdraw(self, person: Person, reference: str, now: datetime) -> CodeStatus:
        """Withdraw a person's own code; return WITHDRAWN, or CLAIMED if it is too late.

        Raises PortalPageMissingError, or the errors of SubmissionClient.
        """
        found = self._own(person, reference)
        try:
            for hash_id in self.keys.hash_ids(found.reference):
                if self.client.withdraw(found.jurisdiction, hash_id, now) is CodeStatus.WITHDRAWN:
                    break
        except HashIdClaimedError:
            return CodeStatus.CLAIMED
        with self.database.session() as session:
            row = issued_codes.lock(session, found.id)
            if row.state != CodeState.WITHDRAWN:
                row.state = CodeState.WITHDRAWN
                self.audit.record(session, person, "withdraw-code", row.reference, now)
        return CodeStatus.WITHDRAWN

    def find(self, person: Person, reference: str, now: datetime) -> ListedCode:
        """Return a person's own code by its reference; raise PortalPageMissingError."""
        return self._with_statuses([self._own(person, reference)], now)[0]

    def page(self, person: Person, number: int, now: datetime) -> tuple[list[ListedCode], bool]:
        """Return a page of a person's codes, the newest first, and whether there are more. Pages begin with 1."""
        with self.database.session() as session:
            rows = issued_codes.page(session, person.id, (number - 1) * PAGE_SIZE, PAGE_SIZE + 1)
        return self._with_statuses(rows[:PAGE_SIZE], now), len(rows) > PAGE_SIZE

    def count_in(self, jurisdiction: str, now: datetime) -> int:
        """Return how many codes the people of a jurisdiction issued in the last 24 hours, at least: see `in_steps`."""
        with self.database.session() as session:
            return in_steps(issued_codes.count_in(session, jurisdiction, now - DAY))

    def _reserve(
        self, person: Person, request_id: uuid.UUID, line: str | None, now: datetime, *, again: bool = True
    ) -> _Reserved:
        """Return the row for a form or a line. The limit is exact, because a person's requests take turns.

        `again`: a code that the row has is replaced, and counts from now on, once, for the person who replaces it.
        """
        with self.database.session() as session:
            person = lock_actor(session, person, Right.ISSUE)
            found = self._find(session, person, request_id, line)
            if found is not None and found.state in (CodeState.ISSUED, CodeState.REQUESTED):
                reserved = _Reserved(found.id, found.reference, found.created, found.account_id, is_new=False)
                if again:
                    if found.account_id != person.id or found.created <= now - DAY:
                        self._check_limit(session, person, now)
                    found.account_id, found.created = person.id, now
                return reserved
            if found is not None and found.state == CodeState.WITHDRAWN:
                raise FormUsedError
            self._check_limit(session, person, now)
            row = found or IssuedCode(
                reference=generate_reference(),
                request_id=request_id,
                line_digest=self.keys.digest(_LINE, line) if line is not None else None,
                account_id=person.id,
                jurisdiction=person.jurisdiction.code,
            )
            row.state, row.created, row.expires = CodeState.REQUESTED, now, now + self.settings.code_lifetime
            session.add(row)
            session.flush()
            return _Reserved(row.id, row.reference, row.created, row.account_id, is_new=True)

    def _check_limit(self, session: Session, person: Person, now: datetime) -> None:
        if issued_codes.count_since(session, person.id, now - DAY) >= self.settings.portal_daily_codes:
            raise DailyLimitError

    def _find(self, session: Session, person: Person, request_id: uuid.UUID, line: str | None) -> IssuedCode | None:
        if line is not None:
            return issued_codes.find_line(session, person.jurisdiction.code, self.keys.digests(_LINE, line))
        found = issued_codes.find_request(session, request_id)
        if found is not None and found.account_id != person.id:
            raise PortalPageMissingError
        return found

    def _request(self, person: Person, reserved: _Reserved, now: datetime) -> ShownCode:
        """Request the code of a row. Requests for the same row take turns, so the last one shows the valid code."""
        try:
            with self.database.session() as session:
                row = issued_codes.lock(session, reserved.row_id)
                is_first = row.state == CodeState.REQUESTED
                code = self.client.issue(row.jurisdiction, self.keys.hash_ids(row.reference)[0], now)
                row.state, row.expires = CodeState.ISSUED, now + self.settings.code_lifetime
                row.account_id = person.id  # of two who replace it at once, the one who has the valid code
                shown = ShownCode(code, row.reference, row.expires, is_replacement=not is_first)
                self.audit.record(session, person, "issue" if is_first else "issue-again", row.reference, now)
                return shown
        except HashIdClaimedError:
            self._give_back(reserved)
            raise FormUsedError from None
        except (SubmissionError, TooManyRequestsError):
            self._give_back(reserved)
            raise

    def _give_back(self, reserved: _Reserved) -> None:
        """Record that no code was shown, so that a new one does not count, and an earlier one not a second time."""
        with self.database.session() as session:
            row = issued_codes.lock(session, reserved.row_id)
            if row.state == CodeState.REQUESTED:
                row.state = CodeState.FAILED
            elif row.state == CodeState.ISSUED:
                row.created, row.account_id = reserved.created, reserved.account_id

    def _own(self, person: Person, reference: str) -> IssuedCode:
        with self.database.session() as session:
            found = issued_codes.find_own(session, person.id, normalise_code(reference))
        if found is None or found.state == CodeState.FAILED:
            raise PortalPageMissingError
        return found

    def _with_statuses(self, rows: Sequence[IssuedCode], now: datetime) -> list[ListedCode]:
        statuses = self._statuses([row for row in rows if row.state != CodeState.WITHDRAWN], now)
        withdrawn = {row.id: CodeStatus.WITHDRAWN for row in rows if row.state == CodeState.WITHDRAWN}
        known = {**statuses, **withdrawn}
        return [ListedCode(row.reference, row.created, row.expires, known.get(row.id)) for row in rows]

    def _statuses(self, rows: Sequence[IssuedCode], now: datetime) -> Mapping[int, CodeStatus]:
        """Return the statuses of codes by their row, in one request for each jurisdiction; none if it fails."""
        owners = {hash_id: row for row in rows for hash_id in self.keys.hash_ids(row.reference)}
        found: dict[int, CodeStatus] = {}
        try:
            for label in {row.jurisdiction for row in rows}:
                hash_ids = [hash_id for hash_id, row in owners.items() if row.jurisdiction == label]
                for hash_id, status in self.client.statuses(label, hash_ids, now).items():
                    row = owners[hash_id]
                    if found.get(row.id) in (None, CodeStatus.UNKNOWN):
                        found[row.id] = _read(status, row, now)
        except (SubmissionError, TooManyRequestsError):
            return {}
        return found


def _read(status: CodeStatus, row: IssuedCode, now: datetime) -> CodeStatus:
    """Return the status of a code. Submission deletes expired codes after some time."""
    return CodeStatus.EXPIRED if status is CodeStatus.UNKNOWN and row.expires <= now else status
