"""Everything that submission does, in one object: see the module of each part."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.config import SubmissionSettings
from app.crypto.sealing import SealingRing
from app.database.database import Database
from app.submission.bearer_tokens import BearerTokens
from app.submission.claims import Claims
from app.submission.codes import Codes
from app.submission.decoys import Decoys
from app.submission.outbreaks import Outbreaks
from app.submission.test_tools import TestTools
from app.submission.uploads import Uploads


@dataclass(frozen=True)
class Submission:
    """The service of submission."""

    tokens: BearerTokens
    codes: Codes
    claims: Claims
    uploads: Uploads
    decoys: Decoys
    outbreaks: Outbreaks
    test_tools: TestTools
    sealing_ring: SealingRing


def make_submission(database: Database, settings: SubmissionSettings, tokens: Mapping[bytes, str]) -> Submission:
    """Return the service. It connects to nothing before it is used.

    `tokens`: the labels of KEY_CLAIM_TOKEN, by the SHA-256 digest of each token.
    """
    ring = SealingRing(settings.sealing_keys)
    claims = Claims(database, ring, settings)
    uploads = Uploads(database, ring, settings)
    return Submission(
        tokens=BearerTokens(database, tokens),
        codes=Codes(database, ring, settings),
        claims=claims,
        uploads=uploads,
        decoys=Decoys(database, ring, settings, claims, uploads),
        outbreaks=Outbreaks(database),
        test_tools=TestTools(database),
        sealing_ring=ring,
    )
