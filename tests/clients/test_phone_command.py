"""The phone's command line, as far as it goes without a server."""

import pytest

from clients.phone import state
from clients.phone.__main__ import main


@pytest.fixture
def two(tmp_path, capsys):
    """The files of two new phones."""
    files = [str(tmp_path / name) for name in ("one.json", "two.json")]
    for file in files:
        assert main(["--state", file, "new"]) == 0
    capsys.readouterr()
    return files


def test_a_new_phone_does_not_replace_an_old_one(two, capsys):
    assert main(["--state", two[0], "new"]) == 1
    assert "exists already" in capsys.readouterr().err


def test_two_phones_that_meet_hear_each_other(two, tmp_path, capsys):
    assert main(["--state", two[0], "meet", two[1], "--at", "2026-11-01T14:35", "--minutes", "20"]) == 0

    assert "20 minutes" in capsys.readouterr().out
    one, other = (state.load(tmp_path / name) for name in ("one.json", "two.json"))
    assert [sighting.seconds for sighting in one.heard] == [300, 600, 300]
    assert len(other.heard) == 3
    assert len(one.keys) == len(other.keys) == 1


def test_status_says_what_the_phone_knows(two, capsys):
    main(["--state", two[0], "meet", two[1], "--at", "2026-11-01T14:35"])
    capsys.readouterr()

    assert main(["--state", two[0], "status"]) == 0

    out = capsys.readouterr().out
    assert "keys: 1, of which 1 are over" in out
    assert "heard: 3 identifiers" in out
    assert "last check: never" in out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["meet", "{self}"], "cannot meet itself"),
        (["meet", "{other}", "--minutes", "0"], "at least 1"),
        (["meet", "nobody.json"], "there is no phone in nobody.json"),
        (["claim", "AEFHJKLQRS"], "SUBMISSION_URL is not set"),
        (["check"], "SUBMISSION_URL is not set"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(two, capsys, monkeypatch, arguments, reason):
    monkeypatch.delenv("SUBMISSION_URL", raising=False)
    places = {"{self}": two[0], "{other}": two[1]}

    assert main(["--state", two[0], *(places.get(word, word) for word in arguments)]) == 1

    error = capsys.readouterr().err
    assert error.startswith("phone: ")
    assert reason in error
    assert error.count("\n") == 1


def test_a_time_with_an_offset_is_taken_as_it_is(two, tmp_path):
    assert main(["--state", two[0], "meet", two[1], "--at", "2026-11-01T14:00+02:00", "--minutes", "1"]) == 0

    [sighting] = state.load(tmp_path / "one.json").heard
    assert sighting.interval * 600 == 1_793_534_400


def test_a_time_that_makes_no_sense_is_explained(two, capsys):
    with pytest.raises(SystemExit):
        main(["--state", two[0], "meet", two[1], "--at", "noon"])

    assert "'noon' is not a date or time such as 2020-06-23T14:30" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--state", "x.json"], ["--state", "x.json", "dance"]])
def test_wrong_use_is_explained_and_ends_with_status_2(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        main(arguments)

    assert end.value.code == 2
    assert "usage: phone" in capsys.readouterr().err
