"""Everything that submission does, in one object: see the module of each part."""

from dataclasses import dataclass

from app.config import SubmissionSettings
from app.crypto.sealing import SealingRing
from app.database.database import Database
from app.submission.claims import Claims
from app.submission.codes import Codes
from app.submission.decoys import Decoys
from app.submission.outbreaks import Outbreaks
from app.submission.test_tools import TestTools
from app.submission.uploads import Uploads


@dataclass(frozen=True)
class Submission:
    """The service of submission."""

    codes: Codes
    claims: Claims
    uploads: Uploads
    decoys: Decoys
    outbreaks: Outbreaks
    test_tools: TestTools
    sealing_ring: SealingRing


def make_submission(database: Database, settings: SubmissionSettings) -> Submission:
    """Return the service. It connects to nothing before it is used."""
    ring = SealingRing(settings.sealing_keys)
    claims = Claims(database, ring, settings)
    uploads = Uploads(database, ring, settings)
    return Submission(
        codes=Codes(database, ring, settings),
        claims=claims,
        uploads=uploads,
        decoys=Decoys(database, ring, settings, claims, uploads),
        outbreaks=Outbreaks(database),
        test_tools=TestTools(database),
        sealing_ring=ring,
    )
