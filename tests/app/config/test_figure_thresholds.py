"""The thresholds of figures that an operator changes."""

import pytest

from app.config.figure_thresholds import figure_thresholds


def test_nothing_is_changed_without_an_entry() -> None:
    assert figure_thresholds("") == {}


def test_entries_are_pairs_by_figure() -> None:
    found = figure_thresholds("diagnosis_keys=90000/135000, failed_jobs=0/0")
    assert found == {"diagnosis_keys": (90_000, 135_000), "failed_jobs": (0, 0)}


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ("diagnosis_keys", "not of the form figure=warning/critical"),
        ("diagnosis_keys=1", "not of the form figure=warning/critical"),
        ("diagnosis_keys=-1/2", "not of the form figure=warning/critical"),
        ("diagnosis_keys=1/1000000000", "not of the form figure=warning/critical"),
        ("keys=1/2", "'keys' is not a figure with thresholds: unclaimed_codes, "),
        ("failed_jobs=1/2,failed_jobs=1/3", "'failed_jobs' is named twice"),
        ("failed_jobs=3/2", "has a warning above the critical threshold"),
    ],
)
def test_another_entry_is_refused_with_what_is_wrong(raw: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        figure_thresholds(raw)
