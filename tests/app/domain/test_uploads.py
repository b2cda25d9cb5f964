"""Validation of uploads, and its order (app/domain/uploads.py)."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import limits
from app.domain.errors import UploadError
from app.domain.uploads import DiagnosisKey, Upload, UploadErrorCode, validate_upload
from tests.support.clock import NOON

SECONDS = int(NOON.timestamp())
KEY = DiagnosisKey(b"k" * 16, 2_957_616, 144, 1)


def refusal(upload: Upload) -> UploadErrorCode | None:
    try:
        validate_upload(upload, NOON)
    except UploadError as refused:
        return refused.code
    return None


def starting(*starts: int) -> Upload:
    return Upload(SECONDS, [replace(KEY, rolling_start_interval_number=start) for start in starts])


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ([], UploadErrorCode.NO_KEYS_IN_PAYLOAD),
        ([KEY], None),
        ([KEY] * limits.MAX_KEYS_PER_UPLOAD, None),
        ([KEY] * (limits.MAX_KEYS_PER_UPLOAD + 1), UploadErrorCode.TOO_MANY_KEYS),
        ([replace(KEY, rolling_period=0)], UploadErrorCode.INVALID_ROLLING_PERIOD),
        ([replace(KEY, rolling_period=1)], None),
        ([replace(KEY, rolling_period=144)], None),
        ([replace(KEY, rolling_period=145)], UploadErrorCode.INVALID_ROLLING_PERIOD),
        ([replace(KEY, key_data=b"k" * 15)], UploadErrorCode.INVALID_KEY_DATA),
        ([replace(KEY, key_data=b"k" * 17)], UploadErrorCode.INVALID_KEY_DATA),
        ([replace(KEY, rolling_start_interval_number=0)], UploadErrorCode.INVALID_ROLLING_START_INTERVAL_NUMBER),
        ([replace(KEY, rolling_start_interval_number=-1)], None),
        ([replace(KEY, transmission_risk_level=-1)], UploadErrorCode.INVALID_TRANSMISSION_RISK_LEVEL),
        ([replace(KEY, transmission_risk_level=0)], None),
        ([replace(KEY, transmission_risk_level=8)], None),
        ([replace(KEY, transmission_risk_level=9)], UploadErrorCode.INVALID_TRANSMISSION_RISK_LEVEL),
    ],
)
def test_each_limit_holds_on_both_sides(keys: Sequence[DiagnosisKey], error: UploadErrorCode | None) -> None:
    assert refusal(Upload(SECONDS, keys)) is error


@pytest.mark.parametrize(
    ("seconds", "error"),
    [
        (None, UploadErrorCode.INVALID_TIMESTAMP),
        (SECONDS - 3599, None),
        (
            SECONDS - 3600,
            UploadErrorCode.INVALID_TIMESTAMP,
        ),  # the time of the service is a quarter of a second past the second
        (SECONDS + 3600, None),
        (SECONDS + 3601, UploadErrorCode.INVALID_TIMESTAMP),
        (2**63 - 1, UploadErrorCode.INVALID_TIMESTAMP),
        (-(2**63), UploadErrorCode.INVALID_TIMESTAMP),
    ],
)
def test_a_phone_clock_may_differ_by_an_hour(seconds: int | None, error: UploadErrorCode | None) -> None:
    assert refusal(Upload(seconds, [KEY])) is error


def test_starts_may_spread_over_fourteen_days() -> None:
    first = 2_957_616
    assert refusal(starting(first, first + 2016)) is None
    assert refusal(starting(first + 2017, first)) is UploadErrorCode.INVALID_ROLLING_START_INTERVAL_NUMBER


def test_key_count_timestamp_and_keys_are_validated_in_this_order() -> None:
    bad = replace(KEY, rolling_period=0)
    assert refusal(Upload(None, [bad] * 29)) is UploadErrorCode.TOO_MANY_KEYS
    assert refusal(Upload(None, [bad])) is UploadErrorCode.INVALID_TIMESTAMP
    assert refusal(Upload(SECONDS, [bad, replace(KEY, key_data=b"")])) is UploadErrorCode.INVALID_ROLLING_PERIOD


@given(
    st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
    st.lists(
        st.builds(
            DiagnosisKey,
            st.binary(max_size=20),
            st.integers(-(2**31), 2**31 - 1),
            st.integers(-(2**31), 2**31 - 1),
            st.integers(-(2**31), 2**31 - 1),
        ),
        max_size=30,
    ),
)
def test_any_upload_is_accepted_or_refused(seconds: int | None, keys: list[DiagnosisKey]) -> None:
    error = refusal(Upload(seconds, keys))
    assert error is None or isinstance(error, UploadErrorCode)
