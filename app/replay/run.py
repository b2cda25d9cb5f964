"""The replay itself: every patient's code, claim and upload, and then the archives that other phones would fetch."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from nacl.public import PrivateKey

from app.domain.exports import BUNDLE_PERIOD
from app.domain.timeline import SECONDS_PER_DAY, SECONDS_PER_HOUR
from app.domain.uploads import DiagnosisKey
from app.proto import covidshield_pb2 as wire
from app.replay.patient import ReplayFailed, Server
from app.retrieval.archive_reader import ReadArchive


@dataclass(frozen=True)
class Replayed:
    """What a replay did: patients, keys sent, keys of the day's archive that stood there before, and of the bundle."""

    patients: int
    keys: int
    others: int
    bundle_keys: int


def replay(
    server: Server,
    patients: Sequence[Sequence[DiagnosisKey]],
    public_key: EllipticCurvePublicKey,
    progress: Callable[[Iterable[Sequence[DiagnosisKey]]], Iterable[Sequence[DiagnosisKey]]] = lambda patients: (
        patients
    ),
    patience_seconds: float = 0,
    unix_time: Callable[[], float] = time.time,
) -> Replayed:
    """Send every patient's keys, fetch today's archive and the bundle, and compare; raise ReplayFailed.

    The archive must be signed by the key, and must hold each key that was sent, once and unchanged, in the order of
    the keys' data. Keys that the server held before may stand between them. The bundle holds past days only
    (protocol rule 75), so keys sent today are not in it before the day turns. A server that builds archives ahead
    may serve one as old as its EXPORT_MAX_AGE_SECONDS, so a comparison that fails is repeated for `patience_seconds`.
    """
    sent = [key for patient in patients for key in patient]
    before = _fetch_today(server, public_key, unix_time)
    for keys in progress(patients):
        _upload(server, keys, int(unix_time()))
    others = {key.key_data for key in before.keys} - {key.key_data for key in sent}
    deadline = unix_time() + patience_seconds
    while True:
        try:
            check_archive(_fetch_today(server, public_key, unix_time), sent, others)
            break
        except ReplayFailed:
            if unix_time() > deadline:
                raise
            time.sleep(1)
    bundle = server.fetch(BUNDLE_PERIOD, int(unix_time()) // SECONDS_PER_HOUR)
    check_signature(bundle, public_key)
    check_order(bundle)
    return Replayed(len(patients), len(sent), len(others), len(bundle.keys))


def _upload(server: Server, keys: Sequence[DiagnosisKey], seconds: int) -> None:
    phone = PrivateKey.generate()
    server_public_key = server.claim(server.issue_code(), phone)
    server.upload(phone, server_public_key, keys, seconds)


def _fetch_today(server: Server, public_key: EllipticCurvePublicKey, unix_time: Callable[[], float]) -> ReadArchive:
    now = int(unix_time())
    archive = server.fetch(now // SECONDS_PER_DAY, now // SECONDS_PER_HOUR)
    check_signature(archive, public_key)
    return archive


def check_signature(archive: ReadArchive, public_key: EllipticCurvePublicKey) -> None:
    """Raise ReplayFailed unless the archive is signed by the key."""
    if not archive.is_signed_by(public_key):
        raise ReplayFailed("an archive's signature is not valid")


def check_order(archive: ReadArchive) -> None:
    """Raise ReplayFailed unless keys stand in the order of their data, each once."""
    found = [key.key_data for key in archive.keys]
    if found != sorted(set(found)):
        raise ReplayFailed("an archive's keys are not sorted, or stand twice")


def check_archive(archive: ReadArchive, sent: Sequence[DiagnosisKey], others: set[bytes]) -> None:
    """Raise ReplayFailed unless the archive holds exactly the keys that were sent and, among them, the others."""
    check_order(archive)
    found = {key.key_data: key for key in archive.keys if key.key_data not in others}
    missing = [key for key in sent if key.key_data not in found]
    if missing:
        raise ReplayFailed(f"{len(missing)} of {len(sent)} keys are missing from the archive")
    if len(found) != len(sent):
        raise ReplayFailed(f"{len(found) - len(sent)} keys are in the archive that nobody sent")
    if any(not _equal(found[key.key_data], key) for key in sent):
        raise ReplayFailed("a key's validity or risk level changed on its way")


def _equal(found: wire.TemporaryExposureKey, sent: DiagnosisKey) -> bool:
    return (found.rolling_start_interval_number, found.rolling_period, found.transmission_risk_level) == (
        sent.rolling_start_interval_number,
        sent.rolling_period,
        sent.transmission_risk_level,
    )
