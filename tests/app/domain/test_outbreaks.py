"""The judgement of an outbreak event (app/domain/outbreaks.py)."""

import pytest

from app.domain.outbreaks import MAX_SECONDS, OutbreakError, OutbreakEvent, OutbreakRefused, judge_outbreak


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (OutbreakEvent("ABCDEFGH", 1, 2, 1), None),
        (OutbreakEvent("ABCDEFG", 1, 2, 1), OutbreakError.INVALID_ID),
        (OutbreakEvent("ABCDEFGHI", 1, 2, 1), OutbreakError.INVALID_ID),
        (OutbreakEvent("ABCDEFG\0", 1, 2, 1), OutbreakError.INVALID_ID),
        (OutbreakEvent("ABCDEFGH", 0, 2, 1), OutbreakError.MISSING_TIMESTAMP),
        (OutbreakEvent("ABCDEFGH", 1, 0, 1), OutbreakError.MISSING_TIMESTAMP),
        (OutbreakEvent("ABCDEFGH", 2, 2, 1), OutbreakError.PERIOD_INVALID),
        (OutbreakEvent("ABCDEFGH", 1, MAX_SECONDS, 1), None),
        (OutbreakEvent("ABCDEFGH", 1, MAX_SECONDS + 1, 1), OutbreakError.PERIOD_INVALID),
    ],
)
def test_each_limit_holds_on_both_sides(event: OutbreakEvent, error: OutbreakError | None) -> None:
    if error is None:
        judge_outbreak(event)
        return
    with pytest.raises(OutbreakRefused) as caught:
        judge_outbreak(event)
    assert caught.value.error is error
