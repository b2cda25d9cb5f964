"""Validation of outbreak events (app/domain/outbreaks.py)."""

import pytest

from app.domain.errors import OutbreakError
from app.domain.outbreaks import OutbreakErrorCode, OutbreakEvent, validate_outbreak

LAST_SECOND = 253402300799  # of the year 9999, after which no date can be stored


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (OutbreakEvent("ABCDEFGH", 1, 2, 1), None),
        (OutbreakEvent("ABCDEFG", 1, 2, 1), OutbreakErrorCode.INVALID_ID),
        (OutbreakEvent("ABCDEFGHI", 1, 2, 1), OutbreakErrorCode.INVALID_ID),
        (OutbreakEvent("ABCDEFG\0", 1, 2, 1), OutbreakErrorCode.INVALID_ID),
        (OutbreakEvent("ABCDEFGH", 0, 2, 1), OutbreakErrorCode.MISSING_TIMESTAMP),
        (OutbreakEvent("ABCDEFGH", 1, 0, 1), OutbreakErrorCode.MISSING_TIMESTAMP),
        (OutbreakEvent("ABCDEFGH", 2, 2, 1), OutbreakErrorCode.PERIOD_INVALID),
        (OutbreakEvent("ABCDEFGH", 1, LAST_SECOND, 1), None),
        (OutbreakEvent("ABCDEFGH", 1, LAST_SECOND + 1, 1), OutbreakErrorCode.PERIOD_INVALID),
    ],
)
def test_each_limit_holds_on_both_sides(event: OutbreakEvent, error: OutbreakErrorCode | None) -> None:
    if error is None:
        validate_outbreak(event)
        return
    with pytest.raises(OutbreakError) as caught:
        validate_outbreak(event)
    assert caught.value.code is error
